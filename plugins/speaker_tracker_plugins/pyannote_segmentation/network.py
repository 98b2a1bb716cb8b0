"""segmentation-3.0 in PyTorch: who of up to three people speaks, frame by frame, in a window of 10 s.

The network is PyanNet of pyannote.audio: band-pass filters (Ravanelli and Bengio, "Speaker recognition from raw waveform with
SincNet", SLT 2018), two convolutions, four recurrent layers that hear past and future, and classes that are sets of speakers.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import conv1d, leaky_relu, max_pool1d

from speaker_tracker.events import SAMPLE_RATE
from speaker_tracker_plugins.pyannote_segmentation.powerset import SETS

TAPS, STRIDE, LOWEST_HZ, NARROWEST_HZ = 251, 10, 50.0, 50.0
FILTERS = 80
FILTERBANK = "conv1d.0.filterbank."
"""Start of the names of the filters' own weights."""


class SegmentationNetwork(nn.Module):
    """From windows of samples, shape ``(n, 160000)``, to probabilities of ``SETS``, shape ``(n, 589, 7)``."""

    def __init__(self) -> None:
        super().__init__()
        self.wav_norm1d = nn.InstanceNorm1d(1, affine=True)
        self.low = nn.Parameter(torch.zeros(FILTERS // 2, 1))
        self.band = nn.Parameter(torch.zeros(FILTERS // 2, 1))
        self.conv1d = nn.ModuleList([nn.Conv1d(FILTERS, 60, 5), nn.Conv1d(60, 60, 5)])
        self.norm1d = nn.ModuleList([nn.InstanceNorm1d(size, affine=True) for size in (FILTERS, 60, 60)])
        self.lstm = nn.LSTM(60, 128, 4, batch_first=True, bidirectional=True)
        self.linear = nn.ModuleList([nn.Linear(256, 128), nn.Linear(128, 128)])
        self.classifier = nn.Linear(128, len(SETS))

    def filters(self) -> Tensor:
        """Impulse responses of the band-pass filters, even and odd ones, shape ``(80, 1, TAPS)``."""
        low = LOWEST_HZ + self.low.abs()
        high = (low + NARROWEST_HZ + self.band.abs()).clamp(LOWEST_HZ, SAMPLE_RATE / 2)
        half = TAPS // 2
        time = 2 * torch.pi * torch.arange(-half, 0.0, device=low.device) / SAMPLE_RATE
        hamming = torch.hamming_window(TAPS, periodic=False, device=low.device)[:half]
        band = high - low
        even = ((high * time).sin() - (low * time).sin()) / (time / 2) * hamming / (2 * band)
        odd = ((low * time).cos() - (high * time).cos()) / (time / 2) * hamming / (2 * band)
        centre = torch.ones_like(band)
        return torch.cat([torch.cat([even, centre, even.flip(1)], 1), torch.cat([odd, 0 * centre, -odd.flip(1)], 1)])[:, None]

    def forward(self, samples: Tensor) -> Tensor:
        """As the class says."""
        x = self.wav_norm1d(samples[:, None])
        x = conv1d(x, self.filters(), stride=STRIDE).abs()
        x = leaky_relu(self.norm1d[0](max_pool1d(x, 3).float()))
        for convolution, norm in zip(self.conv1d, list(self.norm1d)[1:], strict=True):
            x = leaky_relu(norm(max_pool1d(convolution(x), 3).float()))
        x = self.lstm(x.transpose(1, 2))[0]
        for linear in self.linear:
            x = leaky_relu(linear(x))
        return torch.softmax(self.classifier(x).float(), -1)


def renamed(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The published weights by the names that they have in ``SegmentationNetwork``."""
    own: dict[str, Tensor] = {}
    for name, value in published.items():
        part = name.removeprefix("sincnet.")
        if part in (f"{FILTERBANK}low_hz_", f"{FILTERBANK}band_hz_"):
            own[part.removeprefix(FILTERBANK).removesuffix("_hz_")] = value
        elif part.startswith(FILTERBANK):
            continue  # constants, which are computed here
        elif part.startswith("conv1d."):
            _, number, kind = part.split(".")
            own[f"conv1d.{int(number) - 1}.{kind}"] = value
        else:
            own[part] = value
    return own
