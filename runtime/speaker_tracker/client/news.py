"""Waiting for what others change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class News:
    """Lets tasks wait for conditions that other tasks of the same event loop bring about."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def tell(self) -> None:
        """Something has changed: whoever waits looks at its condition again."""
        told, self._next = self._next, asyncio.Event()
        told.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Returns once ``condition`` holds."""
        while not condition():
            await self._next.wait()
