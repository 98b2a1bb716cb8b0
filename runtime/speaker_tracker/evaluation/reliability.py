"""Calibration of confidence: how often segments are right that are said to be so with some probability."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.protocol.intervals import IntervalSet
from speaker_tracker.results.rttm import Turn

BINS = 20
"""Number of equal intervals of probability that segments are sorted into."""


@dataclass(frozen=True, slots=True)
class ReliabilityRow:
    """Segments said to be right with a probability in ``[least, most)``.

    ``seconds``: their time in which the reference has a speaker. ``said``: its mean probability. ``right``: the share of it in
    which their speaker speaks.
    """

    least: float
    most: float
    seconds: float
    said: float
    right: float


@dataclass(slots=True)
class Reliability:
    """Sums over segments, by interval of probability: time in seconds, that time times the probability, and time that is right."""

    seconds: list[float] = field(default_factory=lambda: [0.0] * BINS)
    said: list[float] = field(default_factory=lambda: [0.0] * BINS)
    right: list[float] = field(default_factory=lambda: [0.0] * BINS)

    def __add__(self, other: Reliability) -> Reliability:
        return Reliability(
            [mine + its for mine, its in zip(self.seconds, other.seconds, strict=True)],
            [mine + its for mine, its in zip(self.said, other.said, strict=True)],
            [mine + its for mine, its in zip(self.right, other.right, strict=True)],
        )

    def add(self, confidence: float, seconds: float, right: float) -> None:
        """Adds a segment of which ``right`` seconds out of ``seconds`` are right."""
        bin_ = min(BINS - 1, int(confidence * BINS + 1e-9))
        self.seconds[bin_] += seconds
        self.said[bin_] += confidence * seconds
        self.right[bin_] += right

    @property
    def rows(self) -> list[ReliabilityRow]:
        """The intervals that have any segments, in order."""
        return [
            ReliabilityRow(number / BINS, (number + 1) / BINS, seconds, said / seconds, right / seconds)
            for number, (seconds, said, right) in enumerate(zip(self.seconds, self.said, self.right, strict=True))
            if seconds > 0
        ]

    @property
    def error(self) -> float | None:
        """Expected calibration error: the mean difference of ``said`` and ``right``, weighted by time; None without segments.

        Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015.
        """
        total = sum(self.seconds)
        return sum(abs(said - right) for said, right in zip(self.said, self.right, strict=True)) / total if total > 0 else None


def reliability(reference: Sequence[Turn], segments: Iterable[TimelineSegment], names: dict[int, str]) -> Reliability:
    """The reliability of ``segments``, as far as they have confidence; ``names``: the reference's speaker of each id.

    Time in which the reference has no speaker is left out: there a segment may be too long, but its speaker is not wrong.
    """
    spoken: dict[str, IntervalSet] = {}
    anybody = IntervalSet()
    for turn in reference:
        start, end = round(1000 * turn.start), round(1000 * turn.end)
        spoken.setdefault(turn.speaker, IntervalSet()).add(start, end)
        anybody.add(start, end)
    sums = Reliability()
    for segment in segments:
        if segment.speaker is not None and segment.confidence is not None:
            own = spoken.get(names.get(segment.speaker, ""), IntervalSet())
            sums.add(segment.confidence, _shared_seconds(segment, anybody), _shared_seconds(segment, own))
    return sums


def _shared_seconds(segment: TimelineSegment, intervals: IntervalSet) -> float:
    missing = sum(end - start for start, end in intervals.missing_from(segment.start_ms, segment.end_ms))
    return (segment.end_ms - segment.start_ms - missing) / 1000
