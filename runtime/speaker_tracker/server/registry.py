"""Open sessions of this process: their limit, and their end at shutdown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from speaker_tracker.protocol import ErrorCode, ErrorMessage
from speaker_tracker.server.worker_table import WorkerRow


class SessionRegistry:
    """Count of open sessions, and their way through a shutdown: no new ones, then time for reports, then the end.

    ``limit``: maximum number of sessions open at once, in this process or, with ``row``, in all processes of the server together.
    """

    def __init__(self, limit: int, row: WorkerRow | None = None) -> None:
        self.limit = limit
        self.draining = asyncio.Event()
        """Set once no new session is taken and running ones are to finish."""
        self.grace_is_over = False
        self._tasks: set[asyncio.Task[object]] = set()
        self._to_be_told: set[Callable[[], object]] = set()
        self._row = row

    def __len__(self) -> int:
        return len(self._tasks)

    @property
    def total(self) -> int:
        """Open sessions of all processes of the server."""
        return len(self._tasks) if self._row is None else self._row.sessions

    @property
    def refusal(self) -> ErrorMessage | None:
        """Error message for a client that wants a session now; None where there is a place, which nobody holds for it."""
        if self.draining.is_set():
            return ErrorMessage(code=ErrorCode.SHUTTING_DOWN, message="the server is shutting down; connect again later")
        return self._full() if self.total >= self.limit else None

    def _full(self) -> ErrorMessage:
        return ErrorMessage(
            code=ErrorCode.SERVER_BUSY, message=f"all {self.limit} sessions of this server are taken; connect again later"
        )

    @contextmanager
    def place(self) -> Iterator[ErrorMessage | None]:
        """Context that holds a place for the current task's session; gives the error message for its client if there is none."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a session is run by a task")
        if self.draining.is_set():
            yield ErrorMessage(code=ErrorCode.SHUTTING_DOWN, message="the server is shutting down; connect again later")
            return
        # Taken first and counted then: of two processes with one place left, both may find it taken, and never both have it.
        self._tasks.add(task)
        self._tell()
        try:
            if self.total > self.limit:
                self._give_back(task)
                yield self._full()
            else:
                yield None
        finally:
            self._give_back(task)

    def _give_back(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        self._tell()

    def _tell(self) -> None:
        if self._row is not None:
            self._row.set_sessions(len(self._tasks))

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
