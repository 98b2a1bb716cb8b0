"""Refines labels of whole stretches of speech by what a segmentation heard within them: pauses, changes, overlaps.

Labels come in steps of a quarter second or so, one speaker at a time. Here speakers change where a change was heard, pauses are
left out, and overlapped speech gets a second speaker: the one who spoke, or speaks, nearest in time. Times are in milliseconds.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import TypeAlias

import numpy as np

from speaker_tracker.events import TimelineSegment
from speaker_tracker.protocol.intervals import IntervalSet
from speaker_tracker.stage import State

Turn: TypeAlias = tuple[int, int, int]
"""Start, end, speaker."""

SNAP_MS = 300
"""How far a label's boundary is from the change that it is moved to, at most."""
NEAR_MS = 4000
"""How far in time another speaker is from overlapped speech, at most, to be the second one there."""
CONTIGUOUS_MS = 20
"""Pause between two labels that counts as none."""
REACH_MS = NEAR_MS + 2 * SNAP_MS
"""How far from a change of the labels, or of what was heard, refined labels may change."""
PLAIN_REACH_MS = 2 * SNAP_MS
"""The same where nobody speaks at the same time within ``REACH_MS``."""


@dataclass(slots=True)
class Overlap:
    """Two or more people speak in ``[start, end)``; ``probability``: that they do, 0 to 1."""

    start: int
    end: int
    probability: float


@dataclass(slots=True)
class HeardActivity:
    """What a segmentation has told of a session: pauses, overlaps and changes, each in order of time."""

    pauses: IntervalSet = field(default_factory=IntervalSet)
    overlaps: list[Overlap] = field(default_factory=list)
    changes: list[int] = field(default_factory=list)
    change_probabilities: list[float] = field(default_factory=list)

    def add_overlap(self, start: int, end: int, probability: float) -> None:
        """Adds overlapped speech behind all so far; it is joined with what it touches."""
        last = self.overlaps[-1] if self.overlaps else None
        if last is not None and start <= last.end:
            known, new = last.end - last.start, max(1, end - start)
            last.probability = (known * last.probability + new * probability) / (known + new)
            last.end = max(last.end, end)
        elif start < end:
            self.overlaps.append(Overlap(start, end, probability))

    def add_change(self, position: int, probability: float) -> None:
        """Adds a change behind all so far."""
        self.changes.append(position)
        self.change_probabilities.append(probability)

    def overlaps_within(self, start: int, end: int) -> Iterator[Overlap]:
        """Those that have a part in ``[start, end)``."""
        for index in range(bisect_right(self.overlaps, start, key=lambda each: each.end), len(self.overlaps)):
            if self.overlaps[index].start >= end:
                return
            yield self.overlaps[index]

    def reach(self, start: int, end: int) -> int:
        """How far from a change of the labels within ``[start, end)`` refined labels may change."""
        overlaps = self.overlaps_within(start - REACH_MS, end + REACH_MS)
        return PLAIN_REACH_MS if next(overlaps, None) is None else REACH_MS

    def change_near(self, position: int, earliest: int, latest: int) -> int:
        """The most probable change within ``SNAP_MS``, between ``earliest`` and ``latest``; ``position`` if there is none."""
        first = bisect_left(self.changes, max(position - SNAP_MS, earliest))
        last = bisect_right(self.changes, min(position + SNAP_MS, latest))
        found = max(range(first, last), key=lambda index: self.change_probabilities[index], default=None)
        return position if found is None else self.changes[found]

    def snapshot(self) -> State:
        """All of it, a row for each."""
        overlaps = [(overlap.start, overlap.end, overlap.probability) for overlap in self.overlaps]
        return {
            "pauses": np.array(list(self.pauses), np.int64).reshape(-1, 2),
            "overlaps": np.array(overlaps, np.float64).reshape(-1, 3),
            "changes": np.array([self.changes, self.change_probabilities], np.float64).T,
        }

    @classmethod
    def restored(cls, state: State) -> HeardActivity:
        """From a ``snapshot``."""
        heard = cls(IntervalSet((start, end) for start, end in np.asarray(state["pauses"]).tolist()))
        for start, end, probability in np.asarray(state["overlaps"]).tolist():
            heard.overlaps.append(Overlap(int(start), int(end), probability))
        for position, probability in np.asarray(state["changes"]).tolist():
            heard.add_change(int(position), probability)
        return heard


def refined(segments: Iterable[TimelineSegment], heard: HeardActivity, start: int, end: int) -> list[TimelineSegment]:
    """Labels within ``[start, end)``, from those of ``segments``, which reach as far beyond as ``HeardActivity.reach`` tells.

    Second speakers have the probability of the overlap as confidence, all others none.
    """
    turns = _moved([(each.start_ms, each.end_ms, each.speaker) for each in segments if each.speaker is not None], heard)
    spoken = [TimelineSegment(*part, turn[2]) for turn in turns for part in heard.pauses.missing_from(turn[0], turn[1])]
    near = _NearbyTurns(turns)
    second = [each for overlap in heard.overlaps_within(start, end) for each in _second(near.of(overlap), overlap)]
    return [each for each in (*spoken, *second) if each.end_ms > start and each.start_ms < end]


def _moved(turns: list[Turn], heard: HeardActivity) -> list[Turn]:
    """The same turns with bounds between two speakers moved to changes that were heard."""
    turns = sorted(turns)
    for index, (one, other) in enumerate(pairwise(list(turns))):
        # Turns that already overlap are left alone.
        if one[2] == other[2] or not 0 <= other[0] - one[1] <= CONTIGUOUS_MS:
            continue
        place = heard.change_near(other[0], turns[index][0] + 1, other[1] - 1)
        turns[index] = (turns[index][0], place, one[2])
        turns[index + 1] = (place, other[1], other[2])
    return turns


class _NearbyTurns:
    """Finds the turns near an overlap among many, in order of start."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = turns
        self._starts = [turn[0] for turn in turns]
        self._ends = list(accumulate((turn[1] for turn in turns), max))

    def of(self, overlap: Overlap) -> Sequence[Turn]:
        """Those that may be up to ``NEAR_MS`` away."""
        first = bisect_left(self._ends, overlap.start - NEAR_MS)
        return self._turns[first : bisect_right(self._starts, overlap.end + NEAR_MS)]


def _second(turns: Sequence[Turn], overlap: Overlap) -> Iterator[TimelineSegment]:
    """The nearest other speaker, along each turn that the overlap lies in."""
    for start, end, speaker in turns:
        first, last = max(start, overlap.start), min(end, overlap.end)
        if first >= last:
            continue
        others = [(_distance(turn, first, last), turn[2]) for turn in turns if turn[2] != speaker]
        distance, other = min(others, default=(NEAR_MS + 1, speaker))
        if distance <= NEAR_MS:
            yield TimelineSegment(first, last, other, overlap.probability)


def _distance(turn: Turn, start: int, end: int) -> int:
    return max(0, turn[0] - end, start - turn[1])
