"""Sets of whole milliseconds as disjoint half-open intervals."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

Interval = tuple[int, int]
"""``[start, end)`` in milliseconds."""


class IntervalSet:
    """A set of milliseconds, kept as sorted intervals that neither overlap nor touch."""

    def __init__(self, intervals: Iterable[Interval] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in intervals:
            self.add(start, end)

    def __iter__(self) -> Iterator[Interval]:
        return zip(self._starts, self._ends, strict=True)

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def total_ms(self) -> int:
        """Number of milliseconds in the set."""
        return sum(self._ends) - sum(self._starts)

    def add(self, start: int, end: int) -> None:
        """Adds ``[start, end)``, which may be empty."""
        if end <= start:
            return
        first = bisect_left(self._ends, start)
        behind = bisect_right(self._starts, end)
        if first < behind:
            start = min(start, self._starts[first])
            end = max(end, self._ends[behind - 1])
        self._starts[first:behind] = [start]
        self._ends[first:behind] = [end]

    def remove(self, start: int, end: int) -> None:
        """Removes ``[start, end)``, which may be empty."""
        first = bisect_right(self._ends, start)
        behind = bisect_left(self._starts, end)
        if end <= start or first >= behind:
            return
        left = [(self._starts[first], start)] if self._starts[first] < start else []
        right = [(end, self._ends[behind - 1])] if self._ends[behind - 1] > end else []
        self._starts[first:behind] = [kept[0] for kept in left + right]
        self._ends[first:behind] = [kept[1] for kept in left + right]

    def missing_from(self, start: int, end: int) -> list[Interval]:
        """The parts of ``[start, end)`` that are not in the set, in order."""
        parts: list[Interval] = []
        for index in range(bisect_right(self._ends, start), len(self._starts)):
            if self._starts[index] >= end:
                break
            if self._starts[index] > start:
                parts.append((start, self._starts[index]))
            start = self._ends[index]
        if start < end:
            parts.append((start, end))
        return parts
