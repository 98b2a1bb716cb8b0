"""Account of the audio that a process holds: what clients have sent and no stage has seen yet."""

from __future__ import annotations

import asyncio

READING_GATE = "speaker_tracker.reading_gate"
"""Name in the extensions of a WebSocket's scope of the ``ReadingGate`` of a server that has one."""

PAUSE_SECONDS = 0.02
"""Time until a connection that is not read looks again whether it may be."""


class HeldAudio:
    """Bytes that all connections of this process hold together. ``limit``: above it those that hold most are read no more.

    These are the ones that hold more than an equal share of the limit and have whole messages that wait to be processed, so that
    each goes on by itself. A message that is still arriving is read to its end, as nothing could be done with it before: so
    ``limit`` is exceeded by one message of each connection at most.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.total = 0
        self.connections = 0

    @property
    def is_full(self) -> bool:
        """Whether the limit is reached."""
        return self.total >= self.limit

    def share(self) -> HeldShare:
        """Account of one more connection, to be closed at its end."""
        self.connections += 1
        return HeldShare(self)


class HeldShare:
    """What one connection holds, in bytes. ``waiting``: of these, what is in whole messages."""

    def __init__(self, of_all: HeldAudio) -> None:
        self._of_all = of_all
        self.held = 0
        self.waiting = 0
        self._closed = False

    def arrived(self, length: int) -> None:
        """Count a part of a message that was read."""
        if not self._closed:
            self.held += length
            self._of_all.total += length

    def completed(self, length: int) -> None:
        """Take note that a message of ``length``, whose parts are counted, is whole."""
        self.waiting += length

    def processed(self, length: int) -> None:
        """Take note that a message of ``length`` has gone to the session."""
        if not self._closed:
            self.held -= length
            self.waiting -= length
            self._of_all.total -= length

    def close(self) -> None:
        """Give back what is left: the connection is over."""
        if not self._closed:
            self._closed = True
            self._of_all.connections -= 1
            self._of_all.total -= self.held
            self.held = self.waiting = 0

    @property
    def must_pause(self) -> bool:
        """Whether nothing further is to be read of this connection now."""
        every = self._of_all
        return every.is_full and self.waiting > 0 and self.held > every.limit / every.connections

    async def room(self) -> None:
        """Wait until this connection may be read."""
        while self.must_pause:  # noqa: ASYNC110 - it may be others who make room
            await asyncio.sleep(PAUSE_SECONDS)


class ReadingGate:
    """Link between the server's part of a connection, which reads, and the application's, which knows what it may hold.

    Until the application has set ``share`` nothing is counted, as no message is read before.
    """

    def __init__(self) -> None:
        self.share: HeldShare | None = None

    def arrived(self, length: int) -> None:
        """As ``HeldShare.arrived``."""
        if self.share is not None:
            self.share.arrived(length)

    def completed(self, length: int) -> None:
        """As ``HeldShare.completed``."""
        if self.share is not None:
            self.share.completed(length)

    async def room(self) -> None:
        """As ``HeldShare.room``."""
        if self.share is not None:
            await self.share.room()
