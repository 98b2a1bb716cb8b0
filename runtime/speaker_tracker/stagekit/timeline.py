"""A rewritable timeline: sets of speakers as a piecewise constant function of time in whole milliseconds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from typing import TypeAlias, cast

import numpy as np

from speaker_tracker.events import TimelineSegment
from speaker_tracker.stage import State

Speakers: TypeAlias = tuple[int, ...] | None
"""Speakers in ascending order; empty: nobody tracked; None: not labelled yet."""


class Timeline:
    """Piecewise constant: from each breakpoint (ms) on, its speakers speak. Initially nothing is labelled.

    Rewriting takes time linear in the number of pieces rewritten, besides moving later list entries.
    """

    def __init__(self) -> None:
        self._starts = [0]
        self._speakers: list[Speakers] = [None]
        self._speaking_ms: dict[int, int] = {}

    @property
    def end(self) -> int:
        """Where the last label ends (ms)."""
        return self._starts[-1]

    @property
    def speaking_ms(self) -> dict[int, int]:
        """Current speaking time (ms) of each speaker who was ever labelled."""
        return dict(self._speaking_ms)

    def rewrite(self, start: int, end: int, segments: Iterable[TimelineSegment]) -> list[tuple[int, int]]:
        """Replaces the labels within ``[start, end)`` (ms) by ``segments``, clipped to it.

        Returns the intervals that this changes, in order.
        """
        if end <= start:
            return []
        new = _pieces(start, end, segments)
        old = list(self._within(start, end))
        changed = _differences(old, new)
        for first, last in changed:
            self._count(_clipped(old, first, last), -1)
            self._count(_clipped(new, first, last), +1)
        self._splice(start, end, new)
        return changed

    def segments(self, start: int = 0, end: int | None = None) -> list[TimelineSegment]:
        """Maximal segments of each speaker, and of nobody as speaker None, within ``[start, end)`` (ms), in order of start."""
        runs: list[TimelineSegment] = []
        open_since: dict[int | None, int] = {}
        until = start
        for first, last, speakers in self._within(start, self._starts[-1] if end is None else end):
            present: set[int | None] = set() if speakers is None else set(speakers) or {None}
            gone = [speaker for speaker in open_since if speaker not in present]
            runs += [TimelineSegment(open_since.pop(speaker), first, speaker) for speaker in gone]
            for speaker in present:
                open_since.setdefault(speaker, first)
            until = last
        runs += [TimelineSegment(since, until, speaker) for speaker, since in open_since.items()]
        return sorted(runs, key=lambda run: (run.start_ms, run.end_ms, -1 if run.speaker is None else run.speaker))

    def snapshot(self) -> State:
        """All pieces: where each begins (ms), how many speak in it, -1 if that is not known yet, and who do."""
        return {
            "starts": np.array(self._starts, np.int64),
            "counts": np.array([-1 if who is None else len(who) for who in self._speakers], np.int16),
            "speakers": np.array([speaker for who in self._speakers for speaker in who or ()], np.int16),
            "appeared": list(self._speaking_ms),
        }

    def restore(self, state: State) -> None:
        """Restores a ``snapshot``."""
        self._starts = [int(start) for start in np.asarray(state["starts"])]
        speakers = iter(cast("list[int]", np.asarray(state["speakers"]).tolist()))
        counts = cast("list[int]", np.asarray(state["counts"]).tolist())
        self._speakers = [None if count < 0 else tuple(islice(speakers, count)) for count in counts]
        self._speaking_ms = dict.fromkeys(cast(Sequence[int], state["appeared"]), 0)
        self._count(list(self._within(0, self._starts[-1])), +1)

    def _within(self, start: int, end: int) -> Iterator[tuple[int, int, Speakers]]:
        index = bisect_right(self._starts, start) - 1
        while start < end:
            stop = self._starts[index + 1] if index + 1 < len(self._starts) else end
            yield start, min(stop, end), self._speakers[index]
            start, index = stop, index + 1

    def _splice(self, start: int, end: int, pieces: list[tuple[int, int, Speakers]]) -> None:
        first = bisect_right(self._starts, start) - 1
        last = bisect_right(self._starts, end) - 1
        around = [] if self._starts[first] == start else [(self._starts[first], start, self._speakers[first])]
        joined = [*around, *pieces, (end, end, self._speakers[last])]
        before: Speakers = self._speakers[first - 1] if first else None
        starts: list[int] = []
        speakers: list[Speakers] = []
        for since, _, who in joined:
            if (not speakers and first and who == before) or (speakers and who == speakers[-1]):
                continue
            starts.append(since)
            speakers.append(who)
        self._starts[first : last + 1] = starts
        self._speakers[first : last + 1] = speakers

    def _count(self, pieces: list[tuple[int, int, Speakers]], sign: int) -> None:
        for start, end, speakers in pieces:
            for speaker in speakers or ():
                self._speaking_ms[speaker] = self._speaking_ms.get(speaker, 0) + sign * (end - start)


def _pieces(start: int, end: int, segments: Iterable[TimelineSegment]) -> list[tuple[int, int, Speakers]]:
    cut = [
        (max(segment.start_ms, start), min(segment.end_ms, end), segment.speaker)
        for segment in segments
        if segment.speaker is not None and segment.start_ms < end and segment.end_ms > start
    ]
    bounds = sorted({start, end, *(bound for first, last, _ in cut for bound in (first, last))})
    begins: dict[int, list[int]] = {}
    finishes: dict[int, list[int]] = {}
    for first, last, speaker in cut:
        begins.setdefault(first, []).append(speaker)
        finishes.setdefault(last, []).append(speaker)
    active: list[int] = []
    pieces: list[tuple[int, int, Speakers]] = []
    for first, last in pairwise(bounds):
        for speaker in finishes.get(first, ()):
            active.remove(speaker)
        active += begins.get(first, ())
        pieces.append((first, last, tuple(sorted(set(active)))))
    return pieces


def _clipped(pieces: list[tuple[int, int, Speakers]], start: int, end: int) -> list[tuple[int, int, Speakers]]:
    return [(max(first, start), min(last, end), who) for first, last, who in pieces if first < end and last > start]


def _differences(old: list[tuple[int, int, Speakers]], new: list[tuple[int, int, Speakers]]) -> list[tuple[int, int]]:
    changed: list[tuple[int, int]] = []
    i = j = 0
    while i < len(old) and j < len(new):
        start, end = max(old[i][0], new[j][0]), min(old[i][1], new[j][1])
        if old[i][2] != new[j][2]:
            if changed and changed[-1][1] == start:
                changed[-1] = (changed[-1][0], end)
            else:
                changed.append((start, end))
        i, j = i + (old[i][1] == end), j + (new[j][1] == end)
    return changed
