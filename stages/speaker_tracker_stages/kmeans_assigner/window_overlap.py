"""Overlap of windows and stretches: a window hears more than the stretch of speech it stands for, so neighbours share audio."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.assigning.arrays import Floats
from speaker_tracker_stages.assigning.evidence import Span

MAX_OVERLAP = 64
"""Maximum number of stretches that one window hears."""


@dataclass(frozen=True, slots=True, eq=False)
class WindowOverlap:
    """Overlap of ``n`` consecutive windows with the stretches they stand for, one each.

    ``shares``: share of stretch ``j`` in window ``i``, shape ``(n, n)``; rows add up to 1. ``after_pause``: whether a pause comes
    before the stretch, shape ``(n,)``; no window hears beyond one. ``last``: the last stretch that each window hears, shape
    ``(n,)``. ``since``: share of a window from the begin of that stretch on, from the begin of the one before it on, and so on,
    shape ``(n, ages)``; 1 where the window begins later.
    """

    shares: Floats
    after_pause: NDArray[np.bool_]
    last: NDArray[np.intp]
    since: Floats

    @classmethod
    def of(cls, stretches: Sequence[Span], heard: Sequence[Span], after_pause: Sequence[bool]) -> WindowOverlap:
        """From ``stretches`` and what the window of each has ``heard``; one that heard no stretch is taken to hear its own."""
        count = len(stretches)
        starts, ends = np.array(stretches, dtype=np.float64).reshape(count, 2).T
        heard_starts, heard_ends = np.array(heard, dtype=np.float64).reshape(count, 2).T
        pauses = np.array(after_pause, dtype=bool)
        segment = np.cumsum(pauses)
        common = np.minimum(heard_ends[:, np.newaxis], ends) - np.maximum(heard_starts[:, np.newaxis], starts)
        common = np.where(segment[:, np.newaxis] == segment, common.clip(0), 0.0)
        common[np.diag_indices(count)] += common.sum(axis=1) == 0
        shares = common / common.sum(axis=1, keepdims=True)
        numbers = np.arange(count)
        last = np.where(shares > 0, numbers, 0).max(axis=1, initial=0)
        first = np.where(shares > 0, numbers, count).min(axis=1, initial=count)
        ages = max(1, int((last - first).max(initial=0)))
        later = np.cumsum(shares[:, ::-1], axis=1)[:, ::-1]
        begin = last[:, np.newaxis] - np.arange(ages)
        since = np.where(begin >= 0, np.take_along_axis(later, begin.clip(0), axis=1), 1.0) if count else np.ones((0, ages))
        return cls(shares, pauses, last.astype(np.intp), since.clip(0.0, 1.0))


class RunningOverlap:
    """The same while speech goes on: the stretches of the segment under way that a window to come may still hear.

    The last ones of them, the lookahead, were heard by windows before but have no window of their own yet.
    """

    def __init__(self) -> None:
        self._stretches: deque[Span] = deque(maxlen=MAX_OVERLAP)
        self.lookahead = 0

    def clear(self) -> None:
        """Forgets the segment, as after a pause."""
        self._stretches.clear()
        self.lookahead = 0

    @property
    def lookahead_spans(self) -> list[Span]:
        """The stretches of the lookahead, in order."""
        return list(self._stretches)[len(self._stretches) - self.lookahead :]

    def add(self, stretch: Span, heard: Span) -> int:
        """Adds the next window; answers how many stretches, its own or of the lookahead, nobody has heard before."""
        new, length = 0, stretch[1] - stretch[0]
        if self.lookahead:
            # Where the lookahead lay was an estimate from the stretches before it.
            self._stretches[len(self._stretches) - self.lookahead] = stretch
            self.lookahead -= 1
            for later in range(len(self._stretches) - self.lookahead, len(self._stretches)):
                begin = self._stretches[later - 1][1]
                self._stretches[later] = (begin, begin + length)
        else:
            self._stretches.append(stretch)
            new = 1
        while self.lookahead < MAX_OVERLAP - 1 and (begin := self._stretches[-1][1]) + length // 4 < heard[1]:
            self._stretches.append((begin, begin + length))
            self.lookahead += 1
            new += 1
        return new

    def shares(self, heard: Span) -> Floats:
        """Shares of the latest stretches in a window, from the first one it hears on, shape ``(m,)``; they add up to 1."""
        bounds = np.array(self._stretches, dtype=np.float64)
        common = (np.minimum(bounds[:, 1], heard[1]) - np.maximum(bounds[:, 0], heard[0])).clip(0.0)
        if not common.sum():
            common[len(common) - 1 - self.lookahead] = 1.0
        shares: Floats = common[int((common > 0).argmax()) :] / common.sum()
        return shares
