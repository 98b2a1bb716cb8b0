"""The teacher: pyannote's segmentation-3.0 (MIT), as the stage ``pyannote_segmentation`` has it, in the network's frames.

Plaquet and Bredin, "Powerset multi-class cross entropy loss for neural speaker diarization" (Interspeech 2023).
"""

from __future__ import annotations

import torch
from torch import Tensor

from speaker_tracker.events import SAMPLE_RATE
from speaker_tracker_plugins.pyannote_segmentation.network import SegmentationNetwork
from speaker_tracker_plugins.pyannote_segmentation.powerset import FIRST_S, MEMBERS, STEP_S, WINDOW, WINDOW_S


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
    return torch.einsum("nfc,cs->nsf", said, torch.from_numpy(MEMBERS).to(said.device))


@torch.inference_mode()
def teach(teacher: SegmentationNetwork, samples: Tensor, rate: int, batch: int) -> Tensor:
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
