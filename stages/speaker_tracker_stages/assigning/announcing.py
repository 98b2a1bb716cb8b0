"""Tells what became of stretches of speech: whose they are, where that is new or changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from speaker_tracker.events import SpeakersAssigned, SpeakerSpan
from speaker_tracker_stages.evidence import NOBODY, Item


def announce(items: Iterable[Item]) -> Iterator[SpeakersAssigned]:
    """The labels of items that were never said, or not so, in order of time, adjacent ones together; they count as said then."""
    changed = [item for item in items if item.said != item.label]
    run: list[tuple[int, int, int]] = []
    for start, end, label in sorted((start, end, item.label) for item in changed for start, end in item.stretches):
        if run and run[-1][1:] == (start, label):
            run[-1] = (run[-1][0], end, label)
        else:
            run.append((start, end, label))
    for item in changed:
        item.said = item.label
    for start, end, label in run:
        yield SpeakersAssigned(start, end, () if label == NOBODY else (SpeakerSpan(start, end, label),))
