"""References and timelines as annotations of pyannote.core, which comes with pyannote.metrics, an optional extra."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from speaker_tracker.errors import MissingExtraError
from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.results.rttm import Turn


@dataclass(frozen=True, slots=True)
class Recording:
    """What is compared of one recording, all within its first seconds, which are scored.

    ``truth``: ``Annotation`` of the reference, by name. ``guess``: of a timeline, by speaker id. ``scored``: ``Timeline`` of the
    scored part, for ``uem``.
    """

    truth: Any
    guess: Any
    scored: Any


def check_installed() -> None:
    """Raises ``MissingExtraError`` if pyannote.metrics is not installed."""
    _core()


def recording(reference: Iterable[Turn], hypothesis: Sequence[TimelineSegment], seconds: float) -> Recording:
    """``reference`` and ``hypothesis`` within ``[0, seconds)``. Raises ``MissingExtraError``."""
    core = _core()
    scored = core.Timeline([core.Segment(0.0, seconds)])
    truth, guess = core.Annotation(), core.Annotation()
    for number, turn in enumerate(reference):
        if turn.end > turn.start:
            truth[core.Segment(turn.start, turn.end), number] = turn.speaker
    for number, segment in enumerate(hypothesis):
        if segment.speaker is not None:
            guess[core.Segment(segment.start_ms / 1000, segment.end_ms / 1000), number] = segment.speaker
    return Recording(truth.crop(scored), guess.crop(scored), scored)


def intervals(bounds: Iterable[tuple[float, float]]) -> Any:
    """A ``Timeline`` of the union of intervals in seconds. Raises ``MissingExtraError``."""
    core = _core()
    return core.Timeline([core.Segment(start, end) for start, end in bounds]).support()


def _core() -> Any:
    try:
        import pyannote.metrics.diarization  # noqa: F401, PLC0415 - an optional extra
        from pyannote import core  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError.of("scoring", "pyannote.metrics", "evaluate") from error
    return core
