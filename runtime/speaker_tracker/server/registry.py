"""Open sessions of this process: their limit, and their end at shutdown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from speaker_tracker.protocol import ErrorCode, ErrorMessage


class SessionRegistry:
    """Count of open sessions, and their way through a shutdown: no new ones, then time for reports, then the end.

    ``limit``: maximum number of sessions open at once.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.draining = asyncio.Event()
        """Set once no new session is taken and running ones are to finish."""
        self.grace_is_over = False
        self._tasks: set[asyncio.Task[object]] = set()
        self._to_be_told: set[Callable[[], object]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def refusal(self) -> ErrorMessage | None:
        """Error message for a client that wants another session now; None where there is room."""
        if self.draining.is_set():
            return ErrorMessage(code=ErrorCode.SHUTTING_DOWN, message="the server is shutting down; connect again later")
        if len(self._tasks) >= self.limit:
            return ErrorMessage(
                code=ErrorCode.SERVER_BUSY,
                message=f"all {self.limit} sessions of this server are taken; connect again later",
            )
        return None

    @contextmanager
    def place(self) -> Iterator[None]:
        """Context that holds a place for the session of the current task."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a session is run by a task")
        self._tasks.add(task)
        try:
            yield
        finally:
            self._tasks.discard(task)

    @contextmanager
    def told_of_shutdown(self, tell: Callable[[], object]) -> Iterator[None]:
        """Context in which ``tell`` is called once ``draining`` is set."""
        self._to_be_told.add(tell)
        try:
            yield
        finally:
            self._to_be_told.discard(tell)

    async def drain(self, grace_seconds: float) -> int:
        """Ask all sessions to finish within ``grace_seconds``; returns how many were cut off after that."""
        self.draining.set()
        for tell in tuple(self._to_be_told):
            tell()
        if self._tasks and grace_seconds > 0:
            await asyncio.wait(set(self._tasks), timeout=grace_seconds)
        self.grace_is_over = True
        late = set(self._tasks)
        for task in late:
            task.cancel()
        return len(late)
