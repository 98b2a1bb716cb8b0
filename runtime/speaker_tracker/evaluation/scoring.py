"""Diarization error rate and its parts, by pyannote.metrics: collar 0, overlapped speech scored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

from speaker_tracker.evaluation.annotations import Recording, recording
from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.results.rttm import Turn


@dataclass(frozen=True, slots=True)
class DiarizationError:
    """Seconds of speaker time: ``total`` of the reference, and of each kind of error. Additive over files."""

    total: float = 0.0
    missed: float = 0.0
    false_alarm: float = 0.0
    confusion: float = 0.0

    def __add__(self, other: DiarizationError) -> DiarizationError:
        return DiarizationError(
            self.total + other.total,
            self.missed + other.missed,
            self.false_alarm + other.false_alarm,
            self.confusion + other.confusion,
        )

    @property
    def rate(self) -> float | None:
        """The diarization error rate as a fraction, 1 for 100 %; None without any reference speech."""
        return self.share(self.missed + self.false_alarm + self.confusion)

    def share(self, seconds: float) -> float | None:
        """One part as a fraction of the reference; None without any reference speech."""
        return seconds / self.total if self.total > 0 else None


def score(reference: Iterable[Turn], hypothesis: Sequence[TimelineSegment], seconds: float) -> DiarizationError:
    """Scores ``[0, seconds)`` of one recording, with the optimal one-to-one mapping of hypothesis to reference speakers.

    Time labelled with a speaker where the reference has none is a false alarm. Raises ``MissingExtraError``.
    """
    compared = recording(reference, hypothesis, seconds)
    from pyannote.metrics.diarization import DiarizationErrorRate  # noqa: PLC0415 - an optional extra

    metric = DiarizationErrorRate(collar=0.0, skip_overlap=False)
    parts = metric(compared.truth, compared.guess, uem=compared.scored, detailed=True)
    return DiarizationError(parts["total"], parts["missed detection"], parts["false alarm"], parts["confusion"])


def names_of(reference: Iterable[Turn], hypothesis: Sequence[TimelineSegment]) -> dict[int, str]:
    """The reference's speaker of each id, by the optimal one-to-one mapping; ids without one are left out.

    Raises ``MissingExtraError``.
    """
    return optimal_mapping(recording(reference, hypothesis, inf))


def optimal_mapping(compared: Recording) -> dict[int, str]:
    """The reference's speaker of each id, as ``names_of`` gives it, within the scored part."""
    from pyannote.metrics.diarization import DiarizationErrorRate  # noqa: PLC0415 - an optional extra

    return dict(DiarizationErrorRate(collar=0.0, skip_overlap=False).optimal_mapping(compared.truth, compared.guess))
