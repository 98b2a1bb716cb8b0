"""Announcement of labels: ``SpeakersAssigned`` events for stretches whose label is new or has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from speaker_tracker.events import SpeakersAssigned, SpeakerSpan
from speaker_tracker_stages.assigning.evidence import NOBODY, Item


def announce(
    items: Iterable[Item], confidence: Mapping[Item, float] | None = None, *, again: bool = False
) -> Iterator[SpeakersAssigned]:
    """Announces the labels of ``items`` that differ from those announced before, and marks them as announced.

    Events come in order of time; adjacent stretches of one label are joined. ``confidence``: the probability that the label of each
    item is right, 0 to 1; a span has the mean of its items, weighted by duration. ``again``: announces the others as well.
    """
    changed = [item for item in items if again or item.announced != item.label]
    runs: list[tuple[int, int, int, float]] = []
    stretches = ((start, end, item.label, (confidence or {}).get(item, 0.0)) for item in changed for start, end in item.stretches)
    for start, end, label, certain in sorted(stretches):
        if runs and runs[-1][1:3] == (start, label):
            runs[-1] = (runs[-1][0], end, label, runs[-1][3] + (end - start) * certain)
        else:
            runs.append((start, end, label, (end - start) * certain))
    for item in changed:
        item.announced = item.label
    for start, end, label, certain in runs:
        mean = None if confidence is None else certain / (end - start)
        yield SpeakersAssigned(start, end, () if label == NOBODY else (SpeakerSpan(start, end, label, mean),))
