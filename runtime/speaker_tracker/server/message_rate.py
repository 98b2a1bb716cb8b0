"""How many messages a client may send, and how fast its frames are read: so many a second, of time as of audio."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from speaker_tracker.protocol import BYTES_PER_SECOND

BURST_SECONDS = 10.0
"""Time whose messages may come at once: the limit is one of averages."""

PACE_FACTOR = 10.0
"""How many short frames of audio are read in the time of one message without audio."""

PACE_BURST_SECONDS = 0.25
"""Time whose short frames are read at once."""

UNHURRIED = 1
"""Connections that may send short frames as fast as they are read; more of them share what these take."""

SHORTEST_PAUSE = 0.1
"""Pauses are put together to this length (seconds), so that what is read in between goes into one step of the session."""

RECENT_SECONDS = 1.0
"""Time after its last pause for which a connection counts among those that send many short frames."""


class MessageRate:
    """Account of one client's messages. ``per_second``: what is earned in each second of time.

    ``audio_per_second``: what is earned with each second of audio, by default as much. So audio in frames of
    ``1 / audio_per_second`` or longer pays for itself, however fast it is sent. ``burst_seconds``: time whose earnings are saved at
    most. ``clock``: seconds that only rise.
    """

    def __init__(
        self,
        per_second: float,
        audio_per_second: float | None = None,
        burst_seconds: float = BURST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_second = per_second
        self._audio_per_second = per_second if audio_per_second is None else audio_per_second
        self._clock = clock
        self._most = per_second * burst_seconds
        self._left = self._most
        self._last = clock()

    def earn(self, audio_bytes: int) -> None:
        """Credit so many bytes of audio, and the time that has gone by."""
        now = self._clock()
        earned = self._per_second * (now - self._last) + self._audio_per_second * audio_bytes / BYTES_PER_SECOND
        self._last = now
        self._left = min(self._most, self._left + earned)

    def debt(self, audio_bytes: int, price: float = 1.0) -> float:
        """Charge a message with so many bytes of audio; seconds by which it came too early, 0 within the limit."""
        self.earn(audio_bytes)
        self._left -= price
        return max(0.0, -self._left / self._per_second)


class Pace:
    """Pauses in reading short frames of audio, for all connections of a process; each frame costs the event loop the same.

    ``per_second``: the limit for messages. ``PACE_FACTOR`` times as many short frames of a connection are read, and fewer where
    more than ``UNHURRIED`` send so many at a time. Nothing is refused: the client has to wait.
    """

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._paused: dict[MessageRate, float] = {}

    def account(self) -> MessageRate:
        """Account of one more connection, for ``keep``."""
        return MessageRate(PACE_FACTOR * self._per_second, self._per_second, PACE_BURST_SECONDS)

    async def keep(self, account: MessageRate, audio_bytes: int) -> None:
        """Wait as long as a frame with so many bytes of audio has come too early."""
        pause = account.debt(audio_bytes, price=max(1.0, len(self._paused) / UNHURRIED))
        if pause >= SHORTEST_PAUSE:
            now = time.monotonic()
            self._paused = {other: last for other, last in self._paused.items() if last > now - RECENT_SECONDS}
            self._paused[account] = now + pause
            await asyncio.sleep(pause)
