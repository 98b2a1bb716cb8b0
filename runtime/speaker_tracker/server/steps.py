"""Execution of the steps of sessions: in threads where stages are CPU heavy, on the event loop otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from speaker_tracker.engine.cores import usable_cores

Output = TypeVar("Output")

THREADS_PER_CORE = 8
"""Most threads of busy sessions wait for a model call that works for several of them."""


class StepRunner:
    """Runner of generators' steps, one at a time for each; sessions take turns, as each step goes to the back of the queue.

    ``threads``: maximum number of steps under way at once; 0: eight for each core. Without ``cpu_heavy`` steps run inline.
    """

    def __init__(self, *, cpu_heavy: bool, threads: int = 0) -> None:
        self._executor: ThreadPoolExecutor | None = None
        if cpu_heavy:
            self._executor = ThreadPoolExecutor(threads or THREADS_PER_CORE * usable_cores(), "session-step")
        self._under_way: set[Future[Any]] = set()

    async def step(self, steps: Iterator[Output]) -> Output | None:
        """Run the next step of ``steps`` and return what it yields; None at its end.

        Where the task is cancelled, a step under way is waited for before the cancellation goes on, so that nobody else
        touches what it works on.
        """
        if self._executor is None:
            output = next(steps, None)
            await asyncio.sleep(0)
            return output
        work = self._executor.submit(next, steps, None)
        self._under_way.add(work)
        work.add_done_callback(self._under_way.discard)
        waiter = asyncio.wrap_future(work)
        try:
            return await asyncio.shield(waiter)
        except asyncio.CancelledError:
            if not work.cancel():
                await _outlast(waiter)
            raise

    @property
    def busy(self) -> bool:
        """Whether a step is under way in a thread."""
        return any(work.running() for work in tuple(self._under_way))

    def close(self) -> None:
        """Take no more steps; those under way go on to their end."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)


async def _outlast(waiter: asyncio.Future[Output | None]) -> None:
    """Wait for ``waiter`` through further cancellations; they add nothing to the one that is already on its way."""
    while not waiter.done():
        try:
            await asyncio.wait({waiter})
        except asyncio.CancelledError:
            continue
