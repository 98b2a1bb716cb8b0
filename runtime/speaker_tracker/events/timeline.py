"""The timeline that clients see, in whole milliseconds."""

from collections.abc import Mapping
from dataclasses import dataclass

from speaker_tracker.events.base import Event
from speaker_tracker.protocol.segments import TimelineSegment

__all__ = ["TimelineChanged", "TimelineSegment"]


@dataclass(frozen=True, slots=True)
class TimelineChanged(Event):
    """The timeline has new or corrected segments; later segments override earlier ones where they overlap.

    ``segments``: in order of start; together they cover the changed intervals, silence as ``speaker`` None.
    ``speaking_ms``: for each speaker so far, the length of the union of its segments over the whole timeline.
    """

    segments: tuple[TimelineSegment, ...]
    speaking_ms: Mapping[int, int]
