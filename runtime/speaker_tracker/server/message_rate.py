"""Limit for how many messages a client may send: so many a second, of time as of audio."""

from __future__ import annotations

import time
from collections.abc import Callable

from speaker_tracker.protocol import BYTES_PER_SECOND

BURST_SECONDS = 10.0
"""Time whose messages may come at once: the limit is one of averages."""


class MessageRate:
    """Account of one client's messages. ``per_second``: what is earned in each second, of time and of the audio that is sent.

    So audio in frames of ``1 / per_second`` or longer pays for itself, however fast it is sent, and only tiny frames and messages
    without audio are limited. ``clock``: seconds that only rise.
    """

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._clock = clock
        self._most = per_second * BURST_SECONDS
        self._left = self._most
        self._last = clock()

    def debt(self, audio_bytes: int) -> float:
        """Take a message with so many bytes of audio into account; seconds by which it came too early, 0 within the limit."""
        now = self._clock()
        earned = self._per_second * (now - self._last + audio_bytes / BYTES_PER_SECOND)
        self._last = now
        self._left = min(self._most, self._left + earned) - 1.0
        return max(0.0, -self._left / self._per_second)
