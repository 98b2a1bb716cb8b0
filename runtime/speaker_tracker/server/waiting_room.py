"""Connections that have not said anything yet: how long they may wait, and how many of them there may be."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any, Protocol

from speaker_tracker.errors import BadInput
from speaker_tracker.protocol import ErrorCode
from speaker_tracker.server.registry import SessionRegistry


class Receiver(Protocol):
    """Connection of which frames can be received."""

    def receive(self) -> Coroutine[Any, Any, str | bytes]:
        """Wait for the next frame."""
        ...


class WaitingRoom:
    """Place for connections from their handshake to their first frame, so that those who never start take no session's place.

    ``places``: most of them at once. One more ends the wait of the one that has waited longest: a client that starts at once waits
    for milliseconds, so those who only hold a place make room, and keep nobody out. ``seconds``: longest wait.
    """

    def __init__(self, registry: SessionRegistry, places: int, seconds: float) -> None:
        self._registry = registry
        self._places = places
        self._seconds = seconds
        self._waiting: dict[_Visit, None] = {}  # in order of arrival

    def __len__(self) -> int:
        return len(self._waiting)

    async def first_frame(self, connection: Receiver) -> str | bytes:
        """Wait for the first frame of ``connection``. Raises ``BadInput`` where it does not come in time, or has to make room."""
        if self._registry.draining.is_set():
            raise _shutting_down()
        while len(self._waiting) >= self._places:
            self._send_out_longest()
        visit = _Visit()
        self._waiting[visit] = None
        try:
            with self._registry.told_of_shutdown(partial(visit.end, _shutting_down())):
                async with asyncio.timeout(self._seconds) as visit.timer:
                    return await connection.receive()
        except TimeoutError as error:
            raise visit.reason or self._too_late() from error
        finally:
            self._waiting.pop(visit, None)

    def _send_out_longest(self) -> None:
        visit = next(iter(self._waiting))
        del self._waiting[visit]
        visit.end(
            BadInput(
                ErrorCode.SERVER_BUSY,
                'more connections wait for their "start" than this server keeps, and this one has waited longest; '
                'connect again, and send "start" at once',
            )
        )

    def _too_late(self) -> BadInput:
        return BadInput(
            ErrorCode.START_TIMEOUT,
            f"nothing was received for {self._seconds:g} s after the connection was opened; "
            f'send {{"action": "start", "num_speakers": 2}} at once, and connect only when there is something to track',
        )


class _Visit:
    """One connection's wait. ``reason``: why it was ended before its time."""

    def __init__(self) -> None:
        self.timer: asyncio.Timeout | None = None
        self.reason: BadInput | None = None

    def end(self, reason: BadInput) -> None:
        """Have the wait end now."""
        if self.timer is not None and not self.timer.expired():
            self.reason = reason
            self.timer.reschedule(asyncio.get_running_loop().time())


def _shutting_down() -> BadInput:
    return BadInput(ErrorCode.SHUTTING_DOWN, "the server is shutting down; connect again later")
