"""Mixes channels to mono without cancellation: channels in opposite phase are inverted before they are averaged."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

JUDGED_SECONDS = 0.25
"""Time constant of the averages that phases are judged by."""
NEEDED_SECONDS = 0.2
"""Least amount of audio that phases are judged by."""
CANCELLED = 0.25
"""Power of the sum of the channels, relative to that of uncorrelated channels, below which they are inverted."""
RELATED = 0.5
"""Relative power of the plain sum above which no channel is inverted any more."""
FADE_SECONDS = 0.02
TOLD_SECONDS = 0.5
"""Shortest inversion that is reported."""
LEAST_POWER = 1e-9
"""Power relative to full scale (-90 dB) below which audio counts as silence."""


class Mixer:
    """Mixes consecutive blocks of one stream.

    ``rate``: sample rate in Hz. ``full_scale``: largest sample value. ``inverted``: indices of the channels that were inverted at
    any time. ``inverted_seconds``: duration of the audio with an inverted channel.
    """

    def __init__(self, rate: int, channels: int, full_scale: float = 1.0) -> None:
        self.inverted_seconds = 0.0
        self.inverted: set[int] = set()
        self._rate = rate
        self._floor = LEAST_POWER * full_scale**2
        self._signs = np.ones(channels, np.float32)
        self._products = np.zeros((channels, channels))
        self._weight = 0.0
        self._begun = False

    @property
    def note(self) -> str | None:
        """The end of a sentence about the recording if channels were inverted for a noticeable time; else None."""
        if self.inverted_seconds < TOLD_SECONDS:
            return None
        numbers = sorted(channel + 1 for channel in self.inverted)
        names = f"channel{'s' if len(numbers) > 1 else ''} {' and '.join(map(str, numbers))}"
        return f"has channels in opposite phase, which would cancel each other: {names} inverted for {self.inverted_seconds:.1f} s"

    def mix(self, block: NDArray[np.floating[Any] | np.integer[Any]]) -> NDArray[np.float32]:
        """Mixes a block of shape ``(n, channels)`` to float32 of shape ``(n,)``: the plain mean unless channels cancel."""
        count = max(round(len(block) / (JUDGED_SECONDS * self._rate)), 1)
        if block.shape[1] == 1 or not len(block):
            return _mean(block)
        return np.concatenate([self._mixed(stretch) for stretch in np.array_split(block, count)])

    def _mixed(self, stretch: NDArray[np.floating[Any] | np.integer[Any]]) -> NDArray[np.float32]:
        before, first, self._begun = self._signs, not self._begun, True
        self._hear(stretch)
        seconds = len(stretch) / self._rate
        if (self._signs < 0).any():
            self.inverted_seconds += seconds
            self.inverted |= set(np.flatnonzero(self._signs < 0).tolist())
        if (before == self._signs).all():
            return _mean(stretch if (before > 0).all() else stretch * before)
        fading = min(round(FADE_SECONDS * self._rate), len(stretch)) if not first else 0
        gains = np.repeat(self._signs[None], len(stretch), axis=0)
        ramp = np.linspace(0, 1, fading, endpoint=False, dtype=np.float32)[:, None]
        gains[:fading] = before + (self._signs - before) * ramp
        return _mean(stretch * gains)

    def _hear(self, stretch: NDArray[np.floating[Any] | np.integer[Any]]) -> None:
        wide = stretch.astype(np.float64)
        decay = np.exp(-len(stretch) / (JUDGED_SECONDS * self._rate))
        self._products = decay * self._products + wide.T @ wide
        self._weight = decay * self._weight + len(stretch)
        power = np.trace(self._products)
        if self._weight < NEEDED_SECONDS * self._rate or power < self._floor * self._weight:
            return
        if self._products.sum() > RELATED * power:
            self._signs = np.ones_like(self._signs)
        elif self._signs @ self._products @ self._signs < CANCELLED * power:
            self._signs = self._best_signs()

    def _best_signs(self) -> NDArray[np.float32]:
        """-1 for channels that are negatively correlated with the strongest one, 1 for others."""
        strongest = int(np.argmax(np.diag(self._products)))
        return np.where(self._products[strongest] < 0, -1, 1).astype(np.float32)


def _mean(block: NDArray[np.floating[Any] | np.integer[Any]]) -> NDArray[np.float32]:
    mono: NDArray[np.float32] = np.ascontiguousarray(block.mean(axis=1, dtype=np.float32))
    return mono
