"""A segment of a timeline, shared by stages, results and clients."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimelineSegment:
    """``speaker`` speaks in ``[start_ms, end_ms)`` (milliseconds); None: nobody tracked speaks.

    ``confidence``: the probability that the speaker is right, 0 to 1; None if it was not requested or is not known.
    """

    start_ms: int
    end_ms: int
    speaker: int | None
    confidence: float | None = None
