"""Execution of the steps of sessions: together in a few threads where stages are CPU heavy, on the event loop otherwise."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from speaker_tracker.engine.cores import usable_cores
from speaker_tracker.engine.model_calls import ModelCall
from speaker_tracker.engine.rounds import RoundStuck, RoundThread, Task, Work

logger = logging.getLogger(__name__)

MOST_THREADS = 4
"""Maximum number of threads by default: more would wait for Python's lock, and processes do better."""
GATHER_SECONDS = 0.04
STUCK_SECONDS = 60.0
CHECK_SECONDS = 1.0
KEEPS_UP = 0.75
"""A step that takes less than this share of its audio's duration is no lag: a client may send ahead, and much at a time."""
BEHIND_SECONDS = 0.003
"""A step that comes this soon after the one before it was waiting already."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a step puts out, and whether it was the last one of its work."""

    output: Any
    last: bool


class StepRunner:
    """Runner of sessions' steps, one at a time for each session; sessions take turns.

    ``threads``: number of threads; 0: one for each core, at most ``MOST_THREADS``, shared out among ``processes``.
    ``gather_seconds``: time that a step waits for those of other sessions, to share model calls with them. ``stuck_seconds``: time
    after which a stage that does not return is given up; the steps that wait for it fail with ``RoundStuck``. ``note_lag``: called
    with the seconds that a step took from when it could have begun, unless it was in a hurry; 0 where it took clearly less than its
    audio lasts. Without ``cpu_heavy`` steps run inline.
    """

    def __init__(  # noqa: PLR0913 - settings of a server
        self,
        *,
        cpu_heavy: bool,
        threads: int = 0,
        processes: int = 1,
        gather_seconds: float = GATHER_SECONDS,
        stuck_seconds: float = STUCK_SECONDS,
        note_lag: Callable[[float], object] | None = None,
    ) -> None:
        self._note_lag = note_lag
        self._gather_seconds = gather_seconds
        self._stuck_seconds = stuck_seconds
        number = (threads or max(1, min(MOST_THREADS, usable_cores() // processes))) if cpu_heavy else 0
        self._threads = [self._new_thread(place) for place in range(number)]
        self._receivers: dict[asyncio.AbstractEventLoop, _Receiver] = {}
        self._checking: asyncio.TimerHandle | None = None
        self._closed = False

    @contextmanager
    def lane(self) -> Iterator[Lane]:
        """Context of one session's steps."""
        if not self._threads:
            yield Lane(self, None)
            return
        self._check_soon()
        place = min(range(len(self._threads)), key=lambda number: self._threads[number].sessions)
        self._threads[place].sessions += 1
        try:
            yield Lane(self, place)
        finally:
            self._threads[place].sessions -= 1

    def submit(self, place: int, work: Work, *, at_once: bool) -> Task:
        """Put a step of ``work`` into the next round of a thread; the task's token is a future that is done once the task is."""
        receiver = self._receiver()
        task = Task(work, receiver, at_once, receiver.loop.create_future())
        self._threads[place].submit(task)
        return task

    def withdraw(self, place: int, task: Task) -> bool:
        """Take back a task that has not begun; False if it has."""
        return self._threads[place].withdraw(task)

    def note_lag(self, seconds: float) -> None:
        """Take note of how long a step took from when it could have begun."""
        if self._note_lag is not None:
            self._note_lag(seconds)

    @property
    def busy(self) -> bool:
        """Whether a step is under way in a thread."""
        return any(thread.busy for thread in self._threads)

    def close(self) -> None:
        """Take no more steps; those under way go on to their end."""
        self._closed = True
        if self._checking is not None:
            self._checking.cancel()
        for thread in self._threads:
            thread.close()

    def _new_thread(self, place: int) -> RoundThread:
        return RoundThread(f"session-steps-{place}", self._gather_seconds)

    def _receiver(self) -> _Receiver:
        loop = asyncio.get_running_loop()
        if loop not in self._receivers:
            self._receivers = {known: receiver for known, receiver in self._receivers.items() if not known.is_closed()}
            self._receivers[loop] = _Receiver(loop)
        return self._receivers[loop]

    def _check_soon(self) -> None:
        if self._checking is None and not self._closed:
            self._checking = asyncio.get_running_loop().call_later(min(CHECK_SECONDS, self._stuck_seconds / 2), self._check)

    def _check(self) -> None:
        self._checking = None
        for place, thread in enumerate(self._threads):
            if thread.stuck_for() > self._stuck_seconds:
                self._replace(place, thread)
        if any(thread.sessions for thread in self._threads):
            self._check_soon()

    def _replace(self, place: int, thread: RoundThread) -> None:
        frame = sys._current_frames().get(thread.thread_id or 0)  # noqa: SLF001 - the one way to see where a thread stands
        where = "".join(traceback.format_stack(frame)) if frame is not None else "nowhere to be seen"
        fresh = self._new_thread(place)
        stuck, others = thread.give_up(fresh)
        logger.error(
            "a stage has not returned for %g s and is given up, with %d sessions:\n%s", self._stuck_seconds, len(stuck), where
        )
        self._threads[place] = fresh
        fresh.sessions = thread.sessions
        for task in others:
            task.at_once = True
            fresh.submit(task)
        for task in stuck:
            task.error, task.ended = RoundStuck(f"a stage did not return within {self._stuck_seconds:g} s"), True
            task.hand_over([task])


class Lane:
    """Steps of one session, in one of the threads."""

    def __init__(self, runner: StepRunner, place: int | None) -> None:
        self._runner = runner
        self._place = place
        self._done = 0.0

    async def step(self, work: Work, *, at_once: bool = False, audio_seconds: float = 0.0) -> Step:
        """Run the next step of ``work``, up to its end or to what it puts out before.

        ``at_once``: do not wait for other sessions. ``audio_seconds``: duration of the audio that the step is about. Where the task
        is cancelled, a step under way is waited for before the cancellation goes on, so that nobody else touches what it works on.
        Raises what ``work`` raises, and ``RoundStuck``.
        """
        if self._place is None:
            step = _step_here(work)
            await asyncio.sleep(0)
            return step
        begin = time.monotonic()
        task = self._runner.submit(self._place, work, at_once=at_once or begin - self._done < BEHIND_SECONDS)
        try:
            await asyncio.shield(task.token)
        except asyncio.CancelledError:
            if not self._runner.withdraw(self._place, task):
                await _outlast(task.token)
            raise
        self._done = time.monotonic()
        if not at_once:
            took = self._done - begin
            self._runner.note_lag(took if took >= KEEPS_UP * audio_seconds else 0.0)
        if task.error is not None:
            raise task.error
        return Step(task.result, task.ended)


class _Receiver:
    """Takes what threads are done with to an event loop, all of a round in one call."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop

    def __call__(self, tasks: Sequence[Task]) -> None:
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(_settle, tasks)


def _settle(tasks: Sequence[Task]) -> None:
    for task in tasks:
        if not task.token.done():
            task.token.set_result(None)


def _step_here(work: Work) -> Step:
    while True:
        try:
            paused = next(work)
        except StopIteration as end:
            return Step(end.value, last=True)
        if not isinstance(paused, ModelCall):
            return Step(paused, last=False)
        paused.answer_alone()


async def _outlast(settled: asyncio.Future[None]) -> None:
    """Wait for ``settled`` through further cancellations; they add nothing to the one that is already on its way."""
    while not settled.done():
        try:
            await asyncio.wait({settled})
        except asyncio.CancelledError:
            continue
