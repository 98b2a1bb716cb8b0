"""A signal that the state shared by several tasks has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class ChangeSignal:
    """Lets tasks wait for conditions that other tasks of the same event loop bring about."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def notify(self) -> None:
        """Wakes all waiting tasks, so that each checks its condition again."""
        current, self._next = self._next, asyncio.Event()
        current.set()

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Returns once ``condition`` holds; checks it at once and after each ``notify``."""
        while not condition():
            await self._next.wait()
