"""Events of a client, in the order in which they happen.

All times are whole milliseconds on one clock: that of the audio and gaps given to the client, from the first sample on, also across
lost connections. A lost connection ends a *part*: the following session numbers its speakers anew, so that speaker 0 of part 1 need
not be speaker 0 of part 0. ``same_as`` tells who was recognized.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from speaker_tracker.client.report_views import ReportViews
from speaker_tracker.protocol.segments import TimelineSegment
from speaker_tracker.protocol.voiceprints import Voiceprint

Segment = TimelineSegment
"""A segment of the timeline; in these events on the client's clock."""


@dataclass(frozen=True, slots=True)
class PartSpeaker:
    """A speaker of a part, both numbered from 0."""

    part: int
    speaker: int


@dataclass(frozen=True, slots=True)
class SpeakerUpdate:
    """Current speaker, None for nobody tracked, and speaking time so far of each speaker of this part (ms by speaker).

    Where several speak at once, ``speaker`` is the most prominent of them, and the time counts for each. ``name``: that of the
    known voice that the speaker is recognized as, else None. ``same_as``: as of ``Part``, as far as it is known by now.
    """

    part: int
    speaker: int | None
    speaking_ms: Mapping[int, int]
    name: str | None = None
    same_as: Mapping[int, PartSpeaker] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OtherVoices:
    """Speech of voices beyond ``num_speakers`` so far: its total length (ms) and the number of different voices."""

    total_ms: int
    voices: int


@dataclass(frozen=True, slots=True)
class TimelineUpdate:
    """New or corrected segments; what they cover together replaces all speakers that earlier events had there.

    ``audio_ms``: audio that the server had received. ``segments``: those of different speakers overlap where they speak at once;
    ``speaker`` None is nobody. ``others``: voices beyond ``num_speakers`` in this part; None unless requested. ``names`` and
    ``same_as``: as of ``Part``, as far as they are known by now. They may be corrected, and the segments of whom they change come
    again.
    """

    part: int
    audio_ms: int
    segments: tuple[Segment, ...]
    others: OtherVoices | None = None
    names: Mapping[int, str] = field(default_factory=dict)
    same_as: Mapping[int, PartSpeaker] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Voiceprints:
    """New voiceprints of speakers of this part (by speaker), if they were requested; those of the ``Report`` are the best."""

    part: int
    voiceprints: Mapping[int, Voiceprint]


@dataclass(frozen=True, slots=True)
class Hint:
    """The server suspects that the audio is not what it is taken for; once for each code in a part, if hints were requested.

    ``code``: ``audio_format``, ``stereo``, ``sample_rate``, or one that a later server has. ``message``: a sentence.
    """

    part: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection of this part was lost before it was stopped. ``reason``: a sentence.

    The client tries to resume the session (``Resumed``), or else to open another (``Reconnected``).
    """

    part: int
    reason: str


@dataclass(frozen=True, slots=True)
class Reconnected:
    """Another session was opened: a new part, whose speakers are numbered from 0 again.

    ``offset_ms``: where its audio begins on the clock; the previous server had acknowledged everything before. ``lost_ms``: audio
    before that which was sent and will have no label: 0, unless the server had not reported its position; None, unknown, if the
    timeline was not requested.
    """

    part: int
    offset_ms: int
    lost_ms: int | None


@dataclass(frozen=True, slots=True)
class Resumed:
    """The session of this part goes on after ``Disconnected``, as if nothing had happened.

    ``audio_ms``: where on the clock it goes on; what was said of later audio is said again.
    """

    part: int
    audio_ms: int


@dataclass(frozen=True, slots=True)
class EventsMissed:
    """Number of events dropped at this point, the oldest, because they were not read in time; ``report_so_far`` includes them."""

    count: int


@dataclass(frozen=True, slots=True)
class Part:
    """One session and its result.

    ``offset_ms``: where its audio begins on the clock. ``sent_ms``: length of its audio, up to where the next part begins, without
    what is sent again there; for the last part, all audio given to the client.
    ``reported``: whether the figures are the server's report; otherwise they are what it had sent before the connection was lost.
    ``speaking_ms``: speaking time of each speaker (ms by speaker). ``segments``: its timeline in order of start, without silence;
    None if it was not requested. ``others``: voices beyond ``num_speakers``; None if they were not requested.
    ``names``: those of recognized known voices (by speaker). ``voiceprints``: of each speaker who spoke for 5 s at least, if they
    were requested. ``same_as``: of speakers recognized from an earlier part, who they were in the first part that heard them.
    """

    number: int
    offset_ms: int
    sent_ms: int
    reported: bool
    speaking_ms: Mapping[int, int]
    segments: tuple[Segment, ...] | None
    others: OtherVoices | None = None
    names: Mapping[int, str] = field(default_factory=dict)
    voiceprints: Mapping[int, Voiceprint] = field(default_factory=dict)
    same_as: Mapping[int, PartSpeaker] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report(ReportViews):
    """Result of the whole conversation; the last event. A notebook shows its timeline.

    ``finished``: the last part ended with its server's report on all audio that was sent in it.
    ``complete``: the same, and it is the only part; otherwise a connection was lost or a server shut down on the way.
    """

    parts: tuple[Part, ...]
    finished: bool
    complete: bool


TrackerEvent: TypeAlias = (
    SpeakerUpdate | TimelineUpdate | Voiceprints | Hint | Disconnected | Resumed | Reconnected | EventsMissed | Report
)
