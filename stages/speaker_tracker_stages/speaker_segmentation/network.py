"""The network of ``segmentation-mini``: how many people speak, and where the speaker changes, frame by frame as audio comes in.

A small two-dimensional convolution over log-mel features, a recurrent layer that hears no future, a convolution over time that
looks ahead, and a second recurrent layer. What comes out for a frame of 20 ms is known ``LOOK_AHEAD_S`` after its end. With the
state that it takes and gives, a recording cut into chunks has the same output as all of it at once.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

BANDS = 80
FRAME_RATE = 50
"""Output frames a second: one for two feature frames."""
DELAY = 22
"""Output frames by which the output lags behind the input."""
LOOK_AHEAD_S = 0.462
"""From the end of a frame to the last sample that its output depends on: the delay, and what features hear beyond the frame."""
CONTEXT = 9
"""Feature frames that the convolutions hear before those of the frame itself."""
CHANNELS = (16, 24, 32)
HIDDEN = 112
FILTERS = 2
"""Filters over time for each channel in the look-ahead."""
OUTPUTS = 4
LEVEL_DECAY = 1 - 1 / 400
"""The level that features are measured against forgets with a time constant of 4 s."""
LEVEL_FLOOR = 1e-3
"""The level never falls below this power of a mel band (noise at about -57 dBFS), so that silence is not amplified into speech."""
QUIETEST, LOUDEST = -9.0, 6.0
"""Range of the features, in nepers of power around the level."""
FEATURE_SCALE = 3.0


class SegmentationState(NamedTuple):
    """What is kept of a session, or of ``n`` sessions side by side.

    ``level``: ``(n, 2)``, decayed sums of power and of its weights; ``features``: ``(n, CONTEXT, BANDS)``; ``heard``:
    ``(n, HIDDEN)``, of the first recurrent layer; ``ahead``: ``(n, DELAY, HIDDEN)``, its latest outputs; ``decided``:
    ``(n, HIDDEN)``, of the second one.
    """

    level: Tensor
    features: Tensor
    heard: Tensor
    ahead: Tensor
    decided: Tensor


def initial_state(sessions: int, device: torch.device | None = None) -> SegmentationState:
    """Before anything was heard."""
    return SegmentationState(
        torch.zeros(sessions, 2, device=device),
        torch.full((sessions, CONTEXT, BANDS), QUIETEST / FEATURE_SCALE, device=device),
        torch.zeros(sessions, HIDDEN, device=device),
        torch.zeros(sessions, DELAY, HIDDEN, device=device),
        torch.zeros(sessions, HIDDEN, device=device),
    )


class SegmentationMini(nn.Module):
    """Log-mel features to logits."""

    def __init__(self) -> None:
        super().__init__()
        sizes = (1, *CHANNELS)
        strides = ((2, 2), (1, 2), (1, 2))
        self.convolutions = nn.ModuleList(
            nn.Conv2d(sizes[index], sizes[index + 1], 3, stride, padding=(0, 1)) for index, stride in enumerate(strides)
        )
        self.project = nn.Linear(CHANNELS[-1] * BANDS // 8, HIDDEN)
        self.norm = nn.LayerNorm(HIDDEN)
        self.hear = nn.GRU(HIDDEN, HIDDEN, batch_first=True)
        self.look_ahead = nn.Conv1d(HIDDEN, FILTERS * HIDDEN, DELAY + 1, groups=HIDDEN)
        self.join = nn.Linear((FILTERS + 1) * HIDDEN, HIDDEN)
        self.decide = nn.GRU(HIDDEN, HIDDEN, batch_first=True)
        self.head = nn.Linear(2 * HIDDEN, OUTPUTS)

    def forward(self, log_mel: Tensor, state: SegmentationState) -> tuple[Tensor, SegmentationState]:
        """``log_mel``: ``(n, 2 * frames, BANDS)``, natural logarithms of power (``features.py``).

        Answers logits, ``(n, frames, 4)``: nobody, one, two or more, and apart from these the change of speaker; the first of them
        belongs to the frame ``DELAY`` before the first of ``log_mel``. And the state behind them.
        """
        features, level = _levelled(log_mel, state.level)
        features = torch.cat([state.features, features], 1)
        x = features[:, None]
        for convolution in self.convolutions:
            x = relu(convolution(x))
        x = relu(self.norm(self.project(x.transpose(1, 2).flatten(2))))
        heard, last_heard = self.hear(x, state.heard[None])
        ahead = torch.cat([state.ahead, heard], 1)
        seen = self.look_ahead(ahead.transpose(1, 2)).transpose(1, 2)
        joined = relu(self.join(torch.cat([seen, ahead[:, :-DELAY]], 2)))
        decided, last_decided = self.decide(joined, state.decided[None])
        logits: Tensor = self.head(torch.cat([decided, joined], 2))
        return logits, SegmentationState(level, features[:, -CONTEXT:], last_heard[0], ahead[:, -DELAY:], last_decided[0])


def probabilities(logits: Tensor) -> Tensor:
    """Of nobody, one, two or more, which add up to 1; and of a change: ``(..., 4)`` as ``logits``."""
    return torch.cat([logits[..., :3].softmax(-1), logits[..., 3:].sigmoid()], -1)


def _levelled(log_mel: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    """Features relative to the mean power so far, recent frames counting most; and the sums behind it."""
    frames = log_mel.shape[1]
    power = log_mel.exp().mean(2)
    place = torch.arange(frames, device=log_mel.device)
    age = place[:, None] - place[None, :]
    decay = torch.where(age >= 0, LEVEL_DECAY ** age.clamp_min(0).to(power.dtype), 0.0)
    carried = LEVEL_DECAY ** (place + 1).to(power.dtype)
    sums = before[:, :1] * carried + power @ decay.T
    weights = before[:, 1:] * carried + decay.sum(1)
    level = (sums / weights + LEVEL_FLOOR).log()
    features = (log_mel - level[:, :, None]).clamp(QUIETEST, LOUDEST) / FEATURE_SCALE
    return features, torch.stack([sums[:, -1], weights[:, -1]], 1)
