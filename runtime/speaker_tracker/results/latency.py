"""Latency: delay between an instant of audio and its first label."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise


class LatencyHistogram:
    """Exact histogram of latencies, one instant per millisecond of audio, for audio of any length.

    The instants of an interval that one message labels have consecutive latencies, so the histogram stores only where its height
    changes.
    """

    def __init__(self) -> None:
        self._changes: Counter[int] = Counter()

    def add(self, start_ms: int, end_ms: int, audio_ms: int) -> None:
        """Adds the instants ``start_ms``, ``start_ms + 1`` … ``end_ms - 1``, first labelled at ``audio_ms`` of audio."""
        if end_ms > start_ms:
            self._changes[audio_ms - end_ms + 1] += 1
            self._changes[audio_ms - start_ms + 1] -= 1

    def merge(self, other: LatencyHistogram) -> None:
        """Adds the instants of ``other``."""
        self._changes.update(other._changes)

    @property
    def total_ms(self) -> int:
        """Number of instants added."""
        return -sum(latency * change for latency, change in self._changes.items())

    def percentile(self, percent: float) -> int | None:
        """Percentile (nearest rank) of the latency in ms; None without instants.

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
