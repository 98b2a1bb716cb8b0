"""Early notice of an ASGI server's end, while its connections still work.

ASGI itself gives notice at lifespan shutdown, when servers have closed all connections: too late for reports.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Coroutine
from types import FrameType
from typing import Any, TypeAlias

Handler: TypeAlias = Callable[[int, FrameType | None], Any]
Action: TypeAlias = Callable[[], Coroutine[Any, Any, None]]

SIGNALS = (signal.SIGTERM, signal.SIGINT)
SETTLE_SECONDS = 1.0
"""Time for a server that knows of its end by other means to end by itself."""


def hypercorn_end(send: object) -> Callable[[], Awaitable[object]] | None:
    """Function that waits for Hypercorn's end, found by the ``send`` that it gives to a WebSocket; None for other servers.

    The event behind it is set once Hypercorn takes no more connections; ``graceful_timeout`` begins then.
    """
    context = getattr(getattr(send, "__self__", None), "context", None)
    wait = getattr(getattr(context, "terminated", None), "wait", None)
    return wait if callable(wait) else None


class HeldSignals:
    """SIGTERM and SIGINT held back from the server until sessions have finished.

    uvicorn closes WebSockets when it gets them, and the default action, which Hypercorn's workers have, ends the process at once.
    A handler of the server's gets the signal after ``drain``, or at once when the same signal comes again. Instead of the default
    action ``stop`` is run first, unless the server ends before. Signals that the process ignores stay ignored.
    """

    def __init__(self, drain: Action, stop: Action) -> None:
        self._drain = drain
        self._stop = stop
        self._before: dict[int, Handler | int] = {}
        self._held: set[int] = set()
        self._ending: asyncio.Task[None] | None = None

    def hold(self) -> None:
        """Hold signals from now on; does nothing outside of the main thread, where none arrives."""
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            before = signal.getsignal(number)
            if before is not None and before != signal.SIG_IGN:
                self._before[number] = before
                signal.signal(number, lambda number, _frame: loop.call_soon_threadsafe(self._take, number))

    def let_go(self) -> None:
        """Give the signals back to whoever had them."""
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before.clear()
        self._held.clear()
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None

    def _take(self, number: int) -> None:
        before = self._before.get(number)
        if callable(before) and (number in self._held or (self._ending is not None and self._ending.done())):
            before(number, None)
            return
        self._held.add(number)
        if self._ending is None:
            self._ending = asyncio.create_task(self._end())

    async def _end(self) -> None:
        await self._drain()
        for number in tuple(self._held):
            if callable(before := self._before[number]):
                before(number, None)
        if not any(callable(self._before[number]) for number in self._held):
            # A master that ends its workers by signals has told them before, as Hypercorn's has.
            await asyncio.sleep(SETTLE_SECONDS)
            await self._stop()
            number = self._held.pop()
            self.let_go()
            os.kill(os.getpid(), number)
