"""Announcement of labels: ``SpeakersAssigned`` events for stretches whose label is new or has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from speaker_tracker.events import SpeakersAssigned, SpeakerSpan
from speaker_tracker_stages.assigning.evidence import NOBODY, Item


def announce(items: Iterable[Item]) -> Iterator[SpeakersAssigned]:
    """Announces the labels of ``items`` that differ from those announced before, and marks them as announced.

    Events come in order of time; adjacent stretches of one label are joined.
    """
    changed = [item for item in items if item.announced != item.label]
    runs: list[tuple[int, int, int]] = []
    for start, end, label in sorted((start, end, item.label) for item in changed for start, end in item.stretches):
        if runs and runs[-1][1:] == (start, label):
            runs[-1] = (runs[-1][0], end, label)
        else:
            runs.append((start, end, label))
    for item in changed:
        item.announced = item.label
    for start, end, label in runs:
        yield SpeakersAssigned(start, end, () if label == NOBODY else (SpeakerSpan(start, end, label),))
