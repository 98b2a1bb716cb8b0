"""What is to be told of frames: how many speak, and where somebody begins who is not the one who spoke last."""

from __future__ import annotations

import torch
from torch import Tensor

CHANGE_FULL, CHANGE_REACH = 2, 7
"""Frames of 20 ms around a change: up to the first its target is 1, from there it falls to 0 at the second."""


def per_frame(active: Tensor) -> Tensor:
    """Activity by frames of 10 ms, shape ``(..., 2 * frames)``, to frames of 20 ms: active where either half is."""
    return active.view(*active.shape[:-1], -1, 2).any(-1)


def counts(active: Tensor) -> Tensor:
    """0, 1 or 2 (or more) who speak, shape ``(n, frames)``, of bool activity ``(n, speakers, frames)``."""
    return active.sum(1).clamp_max(2)


def changes(active: Tensor) -> Tensor:
    """Bool, shape ``(n, frames)``: somebody begins, and somebody else spoke, or speaks, since they spoke last."""
    speakers, frames = active.shape[1:]
    place = torch.arange(frames, device=active.device)
    last = torch.where(active, place, -1).cummax(2).values
    last = torch.nn.functional.pad(last[..., :-1], (1, 0), value=-1)
    others = torch.stack([last[:, [other for other in range(speakers) if other != one]].amax(1) for one in range(speakers)], 1)
    begins = active & (last < place - 1) & (place > 0)
    return (begins & (others > last)).any(1)


def change_targets(changed: Tensor) -> Tensor:
    """Soft targets around changes, shape ``(n, frames)``, 0 to 1."""
    reach = torch.arange(-CHANGE_REACH, CHANGE_REACH + 1, device=changed.device).abs()
    kernel = ((CHANGE_REACH + 1 - reach) / (CHANGE_REACH + 1 - CHANGE_FULL)).clamp(0, 1)
    spread = torch.nn.functional.pad(changed.float(), (CHANGE_REACH, CHANGE_REACH)).unfold(1, 2 * CHANGE_REACH + 1, 1)
    return (spread * kernel).amax(2)
