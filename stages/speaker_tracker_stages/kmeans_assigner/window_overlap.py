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

    ``heard``: the stretches that each window may hear, ``m`` in a row from the first one on, shape ``(n, m)``; ``heard_shares``:
    the share of each of them in the window, shape ``(n, m)``; rows add up to 1. ``after_pause``: whether a pause comes before the
    stretch, shape ``(n,)``; no window hears beyond one. ``last``: the last stretch that each window hears, shape ``(n,)``.
    ``since``: share of a window from the begin of that stretch on, from the begin of the one before it on, and so on, shape
    ``(n, ages)``; 1 where the window begins later.
    """

    heard: NDArray[np.intp]
    heard_shares: Floats
    after_pause: NDArray[np.bool_]
    last: NDArray[np.intp]
    since: Floats

    @classmethod
    def of(cls, stretches: Sequence[Span], heard: Sequence[Span], after_pause: Sequence[bool]) -> WindowOverlap:
        """From ``stretches``, in order of time, and what the window of each has ``heard``.

        A window that heard no stretch is taken to hear its own.
        """
        count = len(stretches)
        starts, ends = np.array(stretches, dtype=np.int64).reshape(count, 2).T
        heard_starts, heard_ends = np.array(heard, dtype=np.int64).reshape(count, 2).T
        pauses = np.array(after_pause, dtype=bool)
        numbers = np.arange(count)
        first, last = _within_segments(pauses, ends.searchsorted(heard_starts, "right"), starts.searchsorted(heard_ends) - 1)
        nothing = first > last
        first, last = np.where(nothing, numbers, first), np.where(nothing, numbers, last)
        lengths = last - first
        place = np.arange(int(lengths.max(initial=0)) + 1)
        near = np.minimum(first[:, np.newaxis] + place, max(0, count - 1))
        common = np.minimum(heard_ends[:, np.newaxis], ends[near]) - np.maximum(heard_starts[:, np.newaxis], starts[near])
        common = np.where(place <= lengths[:, np.newaxis], common.clip(0), 0)
        common[nothing, 0] = 1
        shares = common / common.sum(axis=1, keepdims=True)
        ages = max(1, int(lengths.max(initial=0)))
        later = shares[:, ::-1].cumsum(axis=1)[:, ::-1]
        begin = lengths[:, np.newaxis] - np.arange(ages)
        since = np.where(begin >= 0, later[numbers[:, np.newaxis], begin.clip(0)], 1.0)
        return cls(near, shares, pauses, last, since.clip(0.0, 1.0))

    @property
    def shares(self) -> Floats:
        """Share of stretch ``j`` in window ``i``, shape ``(n, n)``."""
        count = len(self.last)
        shares: Floats = np.zeros((count, count))
        np.add.at(shares, (np.arange(count)[:, np.newaxis], self.heard), self.heard_shares)
        return shares


def _within_segments(
    pauses: NDArray[np.bool_], first: NDArray[np.intp], last: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The same stretches without those beyond the pauses around each."""
    numbers = np.arange(len(pauses))
    begin = np.maximum.accumulate(np.where(pauses, numbers, 0))
    ends = np.where(pauses, numbers, len(pauses))[1:]
    end = np.append(np.minimum.accumulate(ends[::-1])[::-1], len(pauses))[: len(pauses)]
    return np.maximum(first, begin), np.minimum(last, end - 1)


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
        begin, end = heard
        common: list[int] = []
        for start, stop in reversed(self._stretches):
            if stop <= begin:
                break
            common.append(max(0, min(stop, end) - max(start, begin)))
        common.reverse()
        if not sum(common):
            common = [1, *[0] * self.lookahead]
        return np.array(common) / sum(common)
