"""What a client is told, in the order in which it happens.

All times are whole milliseconds on one clock: that of the audio given to the client, from its first sample on, also across lost
connections. A connection that is lost ends a *part*: the session that follows numbers its speakers anew. Speaker 0 of part 1 need
not be the one of part 0, and nothing here says that it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from speaker_tracker.protocol.segments import TimelineSegment

Segment = TimelineSegment
"""A stretch of the timeline; of these events on the client's clock."""


@dataclass(frozen=True, slots=True)
class SpeakerUpdate:
    """Who speaks now, None for nobody tracked, and how long each speaker of this part has spoken in it so far (ms by speaker)."""

    part: int
    speaker: int | None
    speaking_ms: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class TimelineUpdate:
    """Segments that are new or corrected; where a later event covers a stretch again, the later one holds.

    ``audio_ms``: how much audio the server had taken in. Within one event segments of several speakers may overlap.
    """

    part: int
    audio_ms: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The session of this part is over before it was stopped. ``reason``: a sentence. The client tries to open another."""

    part: int
    reason: str


@dataclass(frozen=True, slots=True)
class Reconnected:
    """Another session was opened: a new part, whose speakers are numbered anew.

    ``offset_ms``: where its audio begins on the clock; so far the server before had answered for it. ``lost_ms``: how much audio
    before that was sent and will have no label: 0, unless the server did not tell how far it was; None where the timeline was not
    asked for, as nobody knows then.
    """

    part: int
    offset_ms: int
    lost_ms: int | None


@dataclass(frozen=True, slots=True)
class EventsMissed:
    """So many events were dropped here, the oldest, as they were not read in time; ``report_so_far`` has what they said."""

    count: int


@dataclass(frozen=True, slots=True)
class Part:
    """One session, and what came of it.

    ``offset_ms``: where its audio begins on the clock. ``sent_ms``: how much of the audio is its own, up to where the next part
    begins: what was sent again in that is not; of the last part, all that was given to the client.
    ``reported``: the figures are the server's report; else they are what it had told before the connection was lost.
    ``speaking_ms``: how long each speaker spoke (ms by speaker). ``segments``: its timeline in order of start, without silence;
    None where it was not asked for.
    """

    number: int
    offset_ms: int
    sent_ms: int
    reported: bool
    speaking_ms: Mapping[int, int]
    segments: tuple[Segment, ...] | None


@dataclass(frozen=True, slots=True)
class Report:
    """The end of it all, and the last event.

    ``finished``: the last part ended as it should, with its server's report on all audio that was sent in it.
    ``complete``: the same, and it is the only part. Else a connection was lost or a server shut down on the way.
    """

    parts: tuple[Part, ...]
    finished: bool
    complete: bool


TrackerEvent: TypeAlias = SpeakerUpdate | TimelineUpdate | Disconnected | Reconnected | EventsMissed | Report
