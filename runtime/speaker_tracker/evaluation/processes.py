"""Work on many recordings in several processes, each of which loads the chain once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from multiprocessing import active_children, get_context
from multiprocessing.process import BaseProcess
from multiprocessing.util import Finalize
from time import monotonic
from typing import Any, Protocol, TypeVar

from speaker_tracker.engine.chain import Chain
from speaker_tracker.errors import UserError

ENDING_SECONDS = 10.0
"""Time for processes to close their chains after a failure or an interruption."""

Task = TypeVar("Task")
Task_contra = TypeVar("Task_contra", contravariant=True)
Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


class Worker(Protocol[Task_contra, Result_co]):
    """What is done with each task; picklable if several processes are used."""

    def __call__(self, task: Task_contra, /) -> Result_co:
        """Does one task."""
        ...

    def close(self) -> None:
        """Closes what this process has loaded."""
        ...


class ChainOfProcess:
    """The chain of this process, loaded by ``load`` at its first use."""

    def __init__(self, load: Callable[[], Chain]) -> None:
        self._load = load
        self._chain: Chain | None = None

    def loaded(self) -> Chain:
        """The chain. Raises ``ChainError`` if it cannot be loaded."""
        if self._chain is None:
            self._chain = self._load()
        return self._chain

    def close(self) -> None:
        """Closes the chain, if it has been loaded."""
        chain, self._chain = self._chain, None
        if chain is not None:
            chain.close()


def in_processes(
    worker: Worker[Task, Result], tasks: Sequence[Task], jobs: int, size: Callable[[Task], float]
) -> Generator[Result]:
    """Yields results as they finish, in any order.

    ``jobs``: number of processes; 1 uses this one. ``size``: the largest tasks are begun first.

    Every process closes its chain at its end, also after a failure or an interruption. Raises ``UserError`` if a process dies.
    """
    if jobs == 1 or len(tasks) <= 1:
        with closing(worker):
            yield from map(worker, tasks)
        return
    largest_first = sorted(tasks, key=lambda task: -size(task))
    # Not forked: a fork of a process with threads, which model libraries start, may hang.
    pool = ProcessPoolExecutor(
        min(jobs, len(tasks)), mp_context=get_context("spawn"), initializer=_begin_process, initargs=(worker,)
    )
    others = active_children()
    futures = [pool.submit(_work_here, task) for task in largest_first]
    try:
        for future in as_completed(futures):
            yield future.result()
    except BrokenProcessPool as error:
        raise UserError("a process of the evaluation died, perhaps out of memory; try fewer with --jobs") from error
    except BaseException:
        _end_processes([process for process in active_children() if process not in others])
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _end_processes(processes: Sequence[BaseProcess]) -> None:
    """Cancels the tasks still being worked on; a process that misses the signal, as in a finalizer, does not hold up the end."""
    for process in processes:
        process.terminate()
    end = monotonic() + ENDING_SECONDS
    for process in processes:
        process.join(max(0.0, end - monotonic()))
        if process.is_alive():
            process.kill()


class _Here:
    """State of a process of the pool, kept between tasks."""

    worker: Worker[Any, Any]


def _begin_process(worker: Worker[Any, Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of the terminal; the parent alone answers it
    signal.signal(signal.SIGTERM, _end)
    Finalize(worker, worker.close, exitpriority=0)  # the counterpart of atexit in a multiprocessing child
    _Here.worker = worker


class _Terminated(BaseException):
    """The process is to end. Not a ``SystemExit``, which would be the fault of the stage that it comes up in."""


def _end(_number: int, _frame: object) -> None:
    raise _Terminated


def _work_here(task: Any) -> Any:
    try:
        return _Here.worker(task)
    except _Terminated:
        # The pool would take this for a failure of the task and go on with the next.
        _Here.worker.close()
        os._exit(1)
