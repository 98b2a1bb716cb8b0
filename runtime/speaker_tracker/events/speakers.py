"""Who speaks when, as an assigner sees it."""

from dataclasses import dataclass

from speaker_tracker.events.base import Event


@dataclass(frozen=True, slots=True)
class SpeakerSpan:
    """``speaker`` (0 .. num_speakers - 1, in order of first appearance) speaks in ``[start, end)`` (samples)."""

    start: int
    end: int
    speaker: int


@dataclass(frozen=True, slots=True)
class SpeakersAssigned(Event):
    """Within ``[start, end)`` (samples) exactly these spans hold; replaces all that was said of this stretch before.

    ``spans`` lie within the stretch. Spans of different speakers may overlap: they speak at the same time. Where no span lies
    nobody tracked speaks.
    """

    start: int
    end: int
    spans: tuple[SpeakerSpan, ...]


@dataclass(frozen=True, slots=True)
class SpeakerNow(Event):
    """First guess at who speaks at the newest audio, ahead of what is assigned; not part of the timeline.

    ``speakers``: empty while nobody tracked speaks, else the most prominent first.
    """

    position: int
    speakers: tuple[int, ...]
