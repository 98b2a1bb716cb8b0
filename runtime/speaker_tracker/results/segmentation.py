"""What a segmentation heard of a recording, or what there was to be heard, in seconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from speaker_tracker.events import SAMPLE_RATE, OverlappedSpeech, SpeakerChange, SpeechPause

HeardEvent: TypeAlias = SpeechPause | OverlappedSpeech | SpeakerChange

Stretch: TypeAlias = tuple[float, float, float]
"""Start and end in seconds, and how probable it is, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Segmentation:
    """Each in order of time; pieces may touch.

    ``overlaps``: two or more speak. ``changes``: somebody begins to speak who is not the one who spoke last; start and end are the
    same. ``pauses``: nobody speaks, though the speech detector takes it for speech.
    """

    overlaps: Sequence[Stretch] = field(default=())
    changes: Sequence[Stretch] = field(default=())
    pauses: Sequence[Stretch] = field(default=())


def heard_segmentation(events: Iterable[HeardEvent]) -> Segmentation | None:
    """What ``events`` tell; None without any, as of a chain without segmentation."""
    overlaps, changes, pauses = list[Stretch](), list[Stretch](), list[Stretch]()
    for event in events:
        match event:
            case OverlappedSpeech(start, end, probability):
                overlaps.append((start / SAMPLE_RATE, end / SAMPLE_RATE, probability))
            case SpeakerChange(position, probability):
                changes.append((position / SAMPLE_RATE, position / SAMPLE_RATE, probability))
            case SpeechPause(start, end):
                pauses.append((start / SAMPLE_RATE, end / SAMPLE_RATE, 1.0))
    if not (overlaps or changes or pauses):
        return None
    return Segmentation(sorted(overlaps), sorted(changes), sorted(pauses))
