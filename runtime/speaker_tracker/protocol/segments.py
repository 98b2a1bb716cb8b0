"""A stretch of a timeline, the same for stages, results and clients."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimelineSegment:
    """``speaker`` speaks in ``[start_ms, end_ms)``; None: nobody tracked does."""

    start_ms: int
    end_ms: int
    speaker: int | None
