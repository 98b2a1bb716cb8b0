"""How certain the labels of a timeline are: for each speaker, stretches of whole milliseconds with a probability."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from speaker_tracker.protocol.segments import TimelineSegment

Stretch = tuple[int, int, float]
"""``[start, end)`` (ms) and the probability that its speaker is right, 0 to 1."""


class CertaintyTrack:
    """Probabilities along a timeline that is corrected as it grows; adjacent stretches of a speaker are joined by their mean.

    So it grows with the number of turns, not with that of labels.
    """

    def __init__(self) -> None:
        self._stretches: dict[int, list[Stretch]] = {}

    def rewrite(self, start: int, end: int, segments: Iterable[TimelineSegment]) -> None:
        """Replaces what was known of ``[start, end)`` (ms) by ``segments`` within; those without confidence leave nothing."""
        for stretches in self._stretches.values():
            _remove(stretches, start, end)
        for segment in segments:
            self.add(replace(segment, start_ms=max(start, segment.start_ms), end_ms=min(end, segment.end_ms)))

    def add(self, segment: TimelineSegment) -> None:
        """Replaces what was known of the segment's speaker within it; nothing without speaker, confidence or length."""
        if segment.speaker is not None and segment.confidence is not None and segment.start_ms < segment.end_ms:
            stretches = self._stretches.setdefault(segment.speaker, [])
            _insert(stretches, (segment.start_ms, segment.end_ms, segment.confidence))

    def with_confidence(self, segments: Iterable[TimelineSegment]) -> Iterator[TimelineSegment]:
        """``segments`` with the mean of what is known within each, weighted by duration; None where nothing is."""
        for segment in segments:
            mean = None if segment.speaker is None else self._mean(segment.speaker, segment.start_ms, segment.end_ms)
            yield replace(segment, confidence=mean)

    def snapshot(self) -> dict[str, list[list[float]]]:
        """All stretches by speaker, in plain values."""
        return {str(speaker): [list(stretch) for stretch in stretches] for speaker, stretches in self._stretches.items()}

    def restore(self, state: Mapping[str, Sequence[Sequence[float]]]) -> None:
        """Takes over a ``snapshot``."""
        self._stretches = {
            int(speaker): [(int(start), int(end), float(confidence)) for start, end, confidence in stretches]
            for speaker, stretches in state.items()
        }

    def _mean(self, speaker: int, start: int, end: int) -> float | None:
        covered = weighted = 0.0
        stretches = self._stretches.get(speaker, [])
        for first, last, confidence in stretches[_first_behind(stretches, start) :]:
            if first >= end:
                break
            length = min(last, end) - max(first, start)
            covered += length
            weighted += length * confidence
        return weighted / covered if covered else None


def _first_behind(stretches: list[Stretch], start: int) -> int:
    """Index of the first stretch that ends after ``start``."""
    return bisect_left(stretches, start + 1, key=lambda stretch: stretch[1])


def _remove(stretches: list[Stretch], start: int, end: int) -> None:
    first = _first_behind(stretches, start)
    behind = bisect_left(stretches, end, key=lambda stretch: stretch[0])
    if first >= behind:
        return
    kept: list[Stretch] = []
    if stretches[first][0] < start:
        kept.append((stretches[first][0], start, stretches[first][2]))
    if stretches[behind - 1][1] > end:
        kept.append((end, stretches[behind - 1][1], stretches[behind - 1][2]))
    stretches[first:behind] = kept


def _insert(stretches: list[Stretch], new: Stretch) -> None:
    """Inserts a stretch where there is none, and joins it with those that touch it."""
    _remove(stretches, new[0], new[1])
    index = bisect_left(stretches, new[0], key=lambda stretch: stretch[0])
    if index < len(stretches) and stretches[index][0] == new[1]:
        new = _joined(new, stretches.pop(index))
    if index and stretches[index - 1][1] == new[0]:
        stretches[index - 1] = _joined(stretches[index - 1], new)
    else:
        stretches.insert(index, new)


def _joined(first: Stretch, second: Stretch) -> Stretch:
    lengths = first[1] - first[0], second[1] - second[0]
    mean = (lengths[0] * first[2] + lengths[1] * second[2]) / sum(lengths)
    return first[0], second[1], mean
