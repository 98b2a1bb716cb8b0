"""Rounds: the work of many sessions in one thread, where model calls of the same stage are answered together.

A round takes all work that waits, and goes on with each piece until it needs a model or is done. Then the calls of the earliest
stage in the chain that anybody waits for are answered in one batch, and so on until all is done. So a model is called a few times a
round, however many sessions there are, and no session blocks a thread.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from speaker_tracker.engine.model_calls import Infer, ModelCall, answer_together

logger = logging.getLogger(__name__)

Work: TypeAlias = Generator[Any, None, Any]
"""Yields ``ModelCall`` objects, to be gone on with once they are answered, or anything else, to be handed out, as is its result."""

MOST_GATHERED = 3
RECENT = 0.2
"""Share of the latest round in how long rounds take."""
WAITING_THREADS = 16
"""Threads for models that wait for something outside of this process."""


class RoundStuck(Exception):
    """Work, or a model that it asked, did not return in time; its thread was given up."""


@dataclass(slots=True, eq=False)
class Task:
    """Work in a round until the next thing that it hands out.

    ``hand_over`` is called with the task once ``result`` or ``error`` is set; ``ended``: whether the work is over. ``at_once``: do
    not wait for others. ``token``: of whoever waits for the task. ``context``: that in which the work is done, for what it logs.
    ``asked``: the latest model call.
    """

    work: Work
    hand_over: Callable[[Sequence[Task]], None]
    at_once: bool = False
    token: Any = None
    arrived: float = field(default_factory=time.monotonic)
    context: Context = field(default_factory=copy_context)
    begun: bool = False
    result: Any = None
    error: BaseException | None = None
    ended: bool = False
    asked: ModelCall | None = None


class RoundThread:
    """A thread that runs rounds. ``gather_seconds``: time that work waits for that of other sessions, to share model calls with it.

    Where rounds take long, it waits as long as one of them takes, up to ``MOST_GATHERED`` times ``gather_seconds``: the busier the
    thread, the more a call is worth. Work waits for no others once there is as much of it as ``sessions`` says that there can be.
    """

    def __init__(self, name: str, gather_seconds: float) -> None:
        self.sessions = 0
        self._gather_seconds = gather_seconds
        self._round_seconds = 0.0
        self._condition = threading.Condition()
        self._waiting: list[Task] = []
        self._ready: deque[Task] = deque()
        self._parked: dict[tuple[int, Infer], list[Task]] = {}
        self._elsewhere: set[Task] = set()
        self._current: list[Task] = []
        self._done: list[Task] = []
        self._since = 0.0
        self._over = False
        self._heir: RoundThread | None = None
        self._waiters: ThreadPoolExecutor | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, task: Task) -> None:
        """Adds ``task`` to the next round."""
        with self._condition:
            if self._over:
                raise RuntimeError("no more work is taken")
            self._waiting.append(task)
            if task.at_once or len(self._waiting) == 1 or len(self._waiting) >= self.sessions:
                self._condition.notify()

    def withdraw(self, task: Task) -> bool:
        """Takes back a task that has not begun; False if it has."""
        with self._condition:
            if task.begun or task not in self._waiting:
                return False
            self._waiting.remove(task)
            return True

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._current or self._ready or self._parked or self._elsewhere)

    def stuck_for(self) -> float:
        """Seconds since the thread last went on, if it is in the middle of something; else 0."""
        return time.monotonic() - self._since if self._current else 0.0

    @property
    def thread_id(self) -> int | None:
        """Identity of the thread, as in ``sys._current_frames``."""
        return self._thread.ident

    def close(self) -> None:
        """Ends the thread once all work is done."""
        with self._condition:
            self._over = True
            self._condition.notify()
        if self._waiters is not None:
            self._waiters.shutdown(wait=False, cancel_futures=True)

    def give_up(self, heir: RoundThread) -> tuple[list[Task], list[Task]]:
        """Gives the thread up, which ends when it returns, if ever; ``heir`` gets what still waits for models elsewhere.

        Returns the tasks that it is stuck with, and all others, which another thread can go on with.
        """
        with self._condition:
            self._over = True
            self._heir = heir
            stuck, self._current = self._current, []
            done, self._done = self._done, []
            others = [*self._waiting, *self._ready, *(task for parked in self._parked.values() for task in parked)]
            self._waiting, self._parked = [], {}
            self._ready.clear()
        _hand_over(done)
        return stuck, others

    # -- the thread --------------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while self._gather():
            begin = time.monotonic()
            while self._go_on():
                pass
            self._round_seconds += RECENT * (time.monotonic() - begin - self._round_seconds)

    def _gather(self) -> bool:
        """Waits for work, and then for that of others; False at the end."""
        with self._condition:
            while not self._waiting:
                if self._over and not self._elsewhere:
                    return False
                self._condition.wait()
            while not self._over and not self._is_time():
                self._condition.wait(max(0.0, self._waiting[0].arrived + self._patience - time.monotonic()))
                if not self._waiting:  # withdrawn
                    return True
            self._take_waiting()
            return True

    def _is_time(self) -> bool:
        waiting = self._waiting
        return (
            len(waiting) >= self.sessions
            or waiting[0].arrived + self._patience <= time.monotonic()
            or any(task.at_once for task in waiting)
        )

    @property
    def _patience(self) -> float:
        return min(max(self._gather_seconds, self._round_seconds), MOST_GATHERED * self._gather_seconds)

    def _take_waiting(self) -> None:
        for task in self._waiting:
            task.begun = True
        self._ready.extend(self._waiting)
        self._waiting = []

    def _go_on(self) -> bool:
        """Goes on with all that can, then answers the model calls of one stage; False once nothing is left to do."""
        while (task := self._next_ready()) is not None:
            if task.asked is None or task.asked.answered:
                _advance(task)
            if not self._sort(task):
                return False
        done, self._done = self._done, []
        _hand_over(done)
        return self._answer_earliest()

    def _next_ready(self) -> Task | None:
        with self._condition:
            if not self._ready:
                return None
            task = self._ready.popleft()
            self._current = [task]
            self._since = time.monotonic()
            return task

    def _sort(self, task: Task) -> bool:
        """Puts a task to those that are done or to those that ask the same model; False if the thread was given up meanwhile."""
        with self._condition:
            if not self._current:
                return False
            self._current = []
            call = task.asked
            if call is None:
                self._done.append(task)
            else:
                self._parked.setdefault((call.place, call.infer), []).append(task)
            return True

    def _answer_earliest(self) -> bool:
        with self._condition:
            if not self._parked:
                return bool(self._ready)
            asking = self._parked.pop(min(self._parked, key=_place))
            calls = [task.asked for task in asking if task.asked is not None]
            if calls[0].waits:
                self._ask_elsewhere(asking, calls)
                return True
            self._current = asking
            self._since = time.monotonic()
        answer_together(calls)
        with self._condition:
            if not self._current:
                return False
            self._current = []
            self._ready.extend(asking)
        return True

    def _ask_elsewhere(self, tasks: Sequence[Task], calls: Sequence[ModelCall]) -> None:
        if self._waiters is None:
            self._waiters = ThreadPoolExecutor(WAITING_THREADS, f"{self._thread.name}-waiting")
        self._elsewhere.update(tasks)
        self._waiters.submit(self._wait_for, tasks, calls)

    def _wait_for(self, tasks: Sequence[Task], calls: Sequence[ModelCall]) -> None:
        answer_together(calls)
        with self._condition:
            self._elsewhere.difference_update(tasks)
            for task in tasks:
                task.at_once = True
            heir = self._heir
            if heir is None:
                self._waiting.extend(tasks)
            self._condition.notify()
        if heir is not None:
            for task in tasks:
                heir.submit(task)


def _advance(task: Task) -> None:
    """Runs a task up to its next model call, or to what it hands out."""
    task.asked = None
    try:
        paused = task.context.run(next, task.work)
    except StopIteration as end:
        task.result, task.ended = end.value, True
    except BaseException as error:  # told to whoever waits for the task
        task.error, task.ended = error, True
    else:
        if isinstance(paused, ModelCall):
            task.asked = paused
        else:
            task.result = paused


def _place(key: tuple[int, Infer]) -> int:
    return key[0]


def _hand_over(tasks: Sequence[Task]) -> None:
    """Hands tasks over, those with the same receiver together."""
    by_receiver: dict[Callable[[Sequence[Task]], None], list[Task]] = {}
    for task in tasks:
        by_receiver.setdefault(task.hand_over, []).append(task)
    for hand_over, alike in by_receiver.items():
        hand_over(alike)
