"""Mixes channels to one so that nothing cancels: where they are in opposite phase, some are turned over."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

JUDGED_SECONDS = 0.25
"""What was heard so long ago counts for a third."""
NEEDED_SECONDS = 0.2
"""Less says nothing about the phase."""
CANCELLED = 0.25
"""Power of the sum, as a fraction of that which channels without relation have, below which they cancel each other."""
RELATED = 0.5
"""The fraction from which on the plain mean will do again."""
FADE_SECONDS = 0.02
TOLD_SECONDS = 0.5
LEAST_POWER = 1e-9
"""Of full scale (-90 dB): below is silence."""


class Mixer:
    """Mixes blocks of one stream that follow one another.

    ``rate``: samples a second. ``full_scale``: of the samples that come. ``seconds``: of audio that were heard.
    ``turned_seconds``: of those, where channels were turned over, since they would have cancelled each other.
    """

    def __init__(self, rate: int, channels: int, full_scale: float = 1.0) -> None:
        self.seconds = self.turned_seconds = 0.0
        self.turned: set[int] = set()
        self._rate = rate
        self._floor = LEAST_POWER * full_scale**2
        self._signs = np.ones(channels, np.float32)
        self._products = np.zeros((channels, channels))
        self._weight = 0.0
        self._begun = False

    @property
    def note(self) -> str | None:
        """What the user should know, as the end of a sentence about the recording; None where nothing was turned over for long."""
        if self.turned_seconds < TOLD_SECONDS:
            return None
        turned = sorted(channel + 1 for channel in self.turned)
        names = f"channel{'s' if len(turned) > 1 else ''} {' and '.join(map(str, turned))}"
        return f"has channels in opposite phase, which would cancel each other: {names} turned over for {self.turned_seconds:.1f} s"

    def mix(self, block: NDArray[np.floating[Any] | np.integer[Any]]) -> NDArray[np.float32]:
        """One channel of ``block``, which is of shape ``(n, channels)``: the mean, unless channels cancel each other in it."""
        count = max(round(len(block) / (JUDGED_SECONDS * self._rate)), 1)
        if block.shape[1] == 1 or not len(block):
            return _mean(block)
        return np.concatenate([self._mixed(stretch) for stretch in np.array_split(block, count)])

    def _mixed(self, stretch: NDArray[np.floating[Any] | np.integer[Any]]) -> NDArray[np.float32]:
        before, first, self._begun = self._signs, not self._begun, True
        self._hear(stretch)
        seconds = len(stretch) / self._rate
        self.seconds += seconds
        if (self._signs < 0).any():
            self.turned_seconds += seconds
            self.turned |= set(np.flatnonzero(self._signs < 0).tolist())
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
        """Channels that go against the strongest one are turned over."""
        strongest = int(np.argmax(np.diag(self._products)))
        return np.where(self._products[strongest] < 0, -1, 1).astype(np.float32)


def _mean(block: NDArray[np.floating[Any] | np.integer[Any]]) -> NDArray[np.float32]:
    mono: NDArray[np.float32] = np.ascontiguousarray(block.mean(axis=1, dtype=np.float32))
    return mono
