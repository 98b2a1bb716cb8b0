"""Speaker labels, as produced by an assigner."""

from collections.abc import Mapping
from dataclasses import dataclass

from speaker_tracker.events.base import Event
from speaker_tracker.protocol.voiceprints import Voiceprint


@dataclass(frozen=True, slots=True)
class SpeakerSpan:
    """``speaker`` (0 .. num_speakers - 1, in order of first appearance) speaks in ``[start, end)`` (samples).

    ``confidence``: the probability that the speaker is right, 0 to 1, for clients that ask for it; None: not told.
    """

    start: int
    end: int
    speaker: int
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class SpeakersAssigned(Event):
    """Exactly these spans hold within ``[start, end)`` (samples); replaces all earlier labels there.

    ``spans`` lie within the interval. Spans of different speakers may overlap, when they speak at the same time. Where there is no
    span, nobody tracked speaks.
    """

    start: int
    end: int
    spans: tuple[SpeakerSpan, ...]


@dataclass(frozen=True, slots=True)
class OtherVoices(Event):
    """Speech of voices beyond ``num_speakers`` in the whole session so far; replaces what was said of them before.

    ``samples``: its total length (samples). ``voices``: number of different voices, 0 or more; may shrink with new evidence.
    """

    samples: int
    voices: int


@dataclass(frozen=True, slots=True)
class SpeakerNow(Event):
    """Provisional guess at who speaks in the newest audio, ahead of the assigned labels; not part of the timeline.

    ``speakers``: empty while nobody tracked speaks, else the most prominent first.
    """

    position: int
    speakers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SpeakersNamed(Event):
    """Which speakers are recognized as known voices of ``SessionInfo.known_voices``; replaces all earlier names.

    ``names``: the name of each recognized speaker; no two have the same.
    """

    names: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class VoiceprintsMade(Event):
    """New voiceprints, by speaker; each replaces an earlier one of that speaker, others stay as they are."""

    voiceprints: Mapping[int, Voiceprint]
