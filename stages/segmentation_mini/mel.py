"""The features of ``features.py`` in PyTorch, for whole batches."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from speaker_tracker_stages.speaker_segmentation.features import HOP, POWER_FLOOR, WINDOW, hann, mel_bands


@lru_cache
def _constants(device: torch.device) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(hann()).to(device), torch.from_numpy(mel_bands()).to(device)


def log_mel_batch(samples: Tensor) -> Tensor:
    """One frame for each hop of ``samples``, ``(n, samples)`` to ``(n, frames, 80)``; silence is assumed behind."""
    window, bands = _constants(samples.device)
    padded = torch.nn.functional.pad(samples, (0, WINDOW - HOP))
    spectrum = torch.stft(padded, WINDOW, HOP, window=window, center=False, return_complex=True)
    power = torch.view_as_real(spectrum).square().sum(-1).transpose(1, 2)
    with torch.autocast(samples.device.type, enabled=False):
        return (power @ bands + POWER_FLOOR).log()
