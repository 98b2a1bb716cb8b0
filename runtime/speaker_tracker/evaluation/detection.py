"""How well a timeline tells when somebody speaks, and when two or more do: seconds, by pyannote.metrics with collar 0."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from speaker_tracker.evaluation.annotations import recording
from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.results.rttm import Turn


@dataclass(frozen=True, slots=True)
class Found:
    """Seconds of what was to be found. Additive over files.

    ``total``: there is in the reference. ``missed``: of that, not told. ``false_alarm``: told where the reference has none.
    """

    total: float = 0.0
    missed: float = 0.0
    false_alarm: float = 0.0

    def __add__(self, other: Found) -> Found:
        return Found(self.total + other.total, self.missed + other.missed, self.false_alarm + other.false_alarm)

    def share(self, seconds: float) -> float | None:
        """Seconds as a fraction of ``total``; None if there is nothing to be found."""
        return seconds / self.total if self.total > 0 else None

    @property
    def found(self) -> float:
        """Of ``total``, seconds that were told."""
        return self.total - self.missed

    @property
    def false_share(self) -> float | None:
        """``false_alarm`` as a fraction of all seconds that were told; None if none were."""
        told = self.found + self.false_alarm
        return self.false_alarm / told if told > 0 else None


@dataclass(frozen=True, slots=True)
class Detection:
    """One timeline. ``speech``: somebody speaks. ``overlap``: two or more do. Additive over files."""

    speech: Found = field(default_factory=Found)
    overlap: Found = field(default_factory=Found)

    def __add__(self, other: Detection) -> Detection:
        return Detection(self.speech + other.speech, self.overlap + other.overlap)


def detection(reference: Iterable[Turn], hypothesis: Sequence[TimelineSegment], seconds: float) -> Detection:
    """Compares ``[0, seconds)`` of one recording, whoever the speakers are. Raises ``MissingExtraError``."""
    compared = recording(reference, hypothesis, seconds)
    truth, guess = compared.truth, compared.guess
    overlap = _found(truth.get_overlap().to_annotation(), guess.get_overlap().to_annotation(), compared.scored)
    return Detection(_found(truth, guess, compared.scored), overlap)


def overlaps(reference: Iterable[Turn], seconds: float) -> list[tuple[float, float]]:
    """Start and end (seconds) of where two or more speak, within ``[0, seconds)``. Raises ``MissingExtraError``."""
    return [(segment.start, segment.end) for segment in recording(reference, (), seconds).truth.get_overlap()]


def _found(truth: Any, guess: Any, scored: Any) -> Found:
    from pyannote.metrics.detection import DetectionErrorRate  # noqa: PLC0415 - an optional extra

    parts = DetectionErrorRate(collar=0.0)(truth, guess, uem=scored, detailed=True)
    return Found(parts["total"], parts["miss"], parts["false alarm"])
