"""Which stretches of speech each window has heard, and how much of each: windows are longer than the stretches they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.voice_likelihood import Numbers

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    """Of ``n`` windows, one for each stretch, in order.

    ``shares``: what part of window ``i`` is stretch ``j``, shape ``(n, n)``. ``begins``: which stretches come after a pause, shape
    ``(n,)``. ``last``: the last stretch that each window hears, shape ``(n,)``. ``since``: what part of a window comes after the
    begin of that stretch, of the one before it and so on, shape ``(n, ages)``; 1 where they begin before the window.
    """

    shares: Numbers
    begins: NDArray[np.bool_]
    last: NDArray[np.intp]
    since: Numbers

    @classmethod
    def of(cls, stretches: Sequence[Span], heard: Sequence[Span], begins: Sequence[bool]) -> Hearing:
        """``stretches`` and what was ``heard`` by the window of each, in samples; a window that heard none is taken for its own."""
        count = len(stretches)
        starts, ends = np.array(stretches, dtype=np.float64).reshape(count, 2).T
        heard_starts, heard_ends = np.array(heard, dtype=np.float64).reshape(count, 2).T
        pauses = np.array(begins, dtype=bool)
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
