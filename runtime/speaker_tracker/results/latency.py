"""How long after it was heard each instant got its first label."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise


class LatencyHistogram:
    """Latencies of instants, one per millisecond of audio, exact however long the audio is.

    The instants of a stretch that one message labels have consecutive latencies, so the histogram keeps only where its height
    changes.
    """

    def __init__(self) -> None:
        self._changes: Counter[int] = Counter()

    def add(self, start_ms: int, end_ms: int, audio_ms: int) -> None:
        """The instants ``start_ms``, ``start_ms + 1`` … ``end_ms - 1`` got their first label when ``audio_ms`` had come in."""
        if end_ms > start_ms:
            self._changes[audio_ms - end_ms + 1] += 1
            self._changes[audio_ms - start_ms + 1] -= 1

    def merge(self, other: LatencyHistogram) -> None:
        """Takes the instants of ``other`` in as well."""
        self._changes.update(other._changes)

    @property
    def total_ms(self) -> int:
        """How many instants were added."""
        return -sum(latency * change for latency, change in self._changes.items())

    def percentile(self, percent: float) -> int | None:
        """The smallest latency (ms) that at least ``percent`` per cent of the instants do not exceed; None without instants.

        ``percent``: above 0, at most 100.
        """
        wanted = self.total_ms * percent / 100
        if wanted <= 0:
            return None
        height = passed = 0
        for (latency, change), (following, _) in pairwise(sorted(self._changes.items())):
            height += change
            if height and passed + height * (following - latency) >= wanted:
                return latency + max(0, _ceil_div(wanted - passed, height) - 1)
            passed += height * (following - latency)
        raise AssertionError("the histogram holds fewer instants than it says")  # pragma: no cover


def _ceil_div(amount: float, height: int) -> int:
    return int(-(-amount // height))
