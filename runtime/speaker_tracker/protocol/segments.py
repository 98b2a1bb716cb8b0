"""A segment of a timeline, shared by stages, results and clients."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimelineSegment:
    """``speaker`` speaks in ``[start_ms, end_ms)`` (milliseconds); None: nobody tracked speaks."""

    start_ms: int
    end_ms: int
    speaker: int | None
