"""Delays of messages, and their percentiles."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Percentiles of durations in milliseconds, each one that was measured (nearest rank)."""

    p50: float
    p95: float
    p99: float
    most: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Percentiles | None:
        """Those of durations in seconds; None where there are none."""
        if not seconds:
            return None
        ordered = sorted(seconds)
        p50, p95, p99, most = (1000 * ordered[max(0, math.ceil(share * len(ordered)) - 1)] for share in (0.5, 0.95, 0.99, 1.0))
        return cls(p50, p95, p99, most)


class SessionDelays:
    """Delays of one session's messages: from when the last frame was sent that a message covers until the message came.

    ``frame_ms``: length of a frame in milliseconds. Times are seconds of any clock.
    """

    def __init__(self, frame_ms: int) -> None:
        self._frame_ms = frame_ms
        self._sent: list[float] = []
        self._received: list[float] = []
        self._delays: list[float] = []
        self._covered_ms = 0
        self._period_ms = 0

    @property
    def frames(self) -> int:
        """Number of frames that were sent."""
        return len(self._sent)

    @property
    def covered_ms(self) -> int:
        """Audio that messages have covered so far, in milliseconds."""
        return self._covered_ms

    def sent(self, at: float) -> None:
        """The next frame was sent."""
        self._sent.append(at)

    def received(self, audio_ms: int, at: float) -> None:
        """A message came that covers ``audio_ms`` of audio; one that covers no more than the one before does not count."""
        frame = math.ceil(audio_ms / self._frame_ms) - 1
        if audio_ms <= self._covered_ms or frame >= len(self._sent):
            return
        self._period_ms = audio_ms - self._covered_ms
        self._covered_ms = audio_ms
        self._received.append(at)
        self._delays.append(at - self._sent[frame])

    def within(self, begin: float, end: float) -> list[float]:
        """Delays in seconds of the messages that came from ``begin`` until ``end``.

        A message that had to come by then and is late by more than the time between two messages counts with its delay so far, so
        that a session which hears nothing more is not left out.
        """
        first = bisect_left(self._received, begin)
        return self._delays[first : bisect_left(self._received, end)] + self._overdue(end)

    def _overdue(self, end: float) -> list[float]:
        if not self._period_ms:
            return []
        ages = []
        due_ms = self._covered_ms + self._period_ms
        while (frame := math.ceil(due_ms / self._frame_ms) - 1) < len(self._sent):
            age = end - self._sent[frame]
            if age <= self._period_ms / 1000:
                break
            ages.append(age)
            due_ms += self._period_ms
        return ages
