"""The timeline that clients see, in whole milliseconds."""

from collections.abc import Mapping
from dataclasses import dataclass

from speaker_tracker.events.base import Event
from speaker_tracker.protocol.segments import TimelineSegment

__all__ = ["TimelineChanged", "TimelineSegment"]


@dataclass(frozen=True, slots=True)
class TimelineChanged(Event):
    """The timeline has new or corrected segments; what they cover together replaces all speakers of earlier events there.

    ``segments``: in order of start; together they cover the changed intervals, silence as ``speaker`` None. Those of different
    speakers overlap where they speak at once.
    ``speaking_ms``: for each speaker so far, the length of the union of its segments over the whole timeline.
    """

    segments: tuple[TimelineSegment, ...]
    speaking_ms: Mapping[int, int]
