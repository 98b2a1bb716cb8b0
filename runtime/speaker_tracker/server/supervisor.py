"""Supervision of several server processes on one listening socket: their start, restart after a crash, and end.

Where it can, the supervisor loads the chain and forks its workers, see ``speaker_tracker.server.preloading``.
"""

from __future__ import annotations

import logging
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from types import FrameType
from typing import TYPE_CHECKING

from hypercorn.config import Sockets

from speaker_tracker.errors import UserError
from speaker_tracker.server.binding import ServeError, url
from speaker_tracker.server.core_dumps import write_no_core_dumps
from speaker_tracker.server.preloading import Preloading, can_preload
from speaker_tracker.server.process import END_SIGNALS, die_of, starting_health
from speaker_tracker.server.reception import Reception
from speaker_tracker.server.worker import Failed, Inherited, Ready, run_worker
from speaker_tracker.server.worker_table import worker_table
from speaker_tracker.settings import Settings

if TYPE_CHECKING:
    from speaker_tracker.engine.chain import Chain

logger = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0
"""Run time after which a worker that crashes is restarted with the shortest pause again."""
POLL_SECONDS = 0.2
LOADING_POLL_SECONDS = 0.02


@dataclass(slots=True)
class Worker:
    """Place for a process: the one that runs now, or the time when the next is due. ``held``: connections that wait for it."""

    process: BaseProcess | None = None
    reports: Connection | None = None
    ready: bool = False
    started: float = 0.0
    due: float = 0.0
    pause: float = field(default=FIRST_PAUSE_SECONDS)
    held: list[socket] = field(default_factory=list)


class Supervisor:
    """Parent of ``settings.workers`` processes that share ``sockets``, until SIGTERM or SIGINT.

    A second signal ends all at once. Workers listen to this process alone: a terminal sends SIGINT to all, and they ignore it.
    """

    def __init__(self, settings: Settings, sockets: Sockets) -> None:
        self._settings = settings
        self._sockets = sockets
        self._preloads = settings.preload and can_preload()
        self._context = get_context("fork" if self._preloads else "spawn")
        self._table = worker_table(settings, self._context)
        self._chain: Chain | None = None
        self._workers = [Worker() for _ in range(settings.workers)]
        self._stopping = False
        self._all_were_ready = False
        self._shared_folder: Path | None = None
        self._signal: int = signal.SIGTERM

    def run(self) -> None:
        """Start all, and return once they have ended after a signal. Raises ``UserError`` where one cannot start at all."""
        write_no_core_dumps()
        for number in END_SIGNALS:
            signal.signal(number, self._on_signal)
        with ExitStack() as at_the_end:
            self._share_a_folder(at_the_end)
            if self._preloads:
                self._load()
            at_the_end.callback(self._end_all)
            while not self._stopping or self._running():
                self._start_those_due()
                self._wait_for_news()

    def _share_a_folder(self, at_the_end: ExitStack) -> None:
        """Make a folder for what the processes count and keep together."""
        is_needed = bool(self._settings.observers or self._settings.token_secret)
        if not is_needed and self._settings.resume_store != "memory":
            return
        try:
            self._shared_folder = Path(at_the_end.enter_context(_temporary_folder()))
        except ServeError as error:
            if is_needed:
                raise
            logger.warning("a session can be resumed only where chance brings its client to the process it was in: %s", error)

    def _load(self) -> None:
        """Load the chain, and hold those who connect meanwhile."""
        preloading = Preloading(self._settings)
        listening = [*self._sockets.secure_sockets, *self._sockets.insecure_sockets]
        reception = Reception(listening, starting_health(self._settings), encrypted=bool(self._sockets.secure_sockets))
        while preloading.under_way:
            reception.receive(wait(reception.readable, timeout=LOADING_POLL_SECONDS))
            if self._stopping:  # a thread that imports or reads a model cannot be told to end
                self._die(self._signal)
        try:
            self._chain = preloading.chain()
        except UserError:
            reception.turn_away()
            raise
        waiting = reception.leave()
        if self._chain is None:
            self._context = get_context("spawn")
            self._table = worker_table(self._settings, self._context)
        for number, connection in enumerate(waiting):
            self._workers[number % len(self._workers)].held.append(connection)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        again, self._stopping, self._signal = self._stopping, True, number
        for process in self._running():
            if again:
                process.kill()
            else:
                process.terminate()
        if again:
            self._die(number)

    def _die(self, number: int) -> None:
        if self._shared_folder is not None:
            shutil.rmtree(self._shared_folder, ignore_errors=True)
        die_of(signal.Signals(number))

    def _running(self) -> list[BaseProcess]:
        return [worker.process for worker in self._workers if worker.process is not None]

    def _start_those_due(self) -> None:
        for worker in self._workers:
            if worker.process is None and not self._stopping and time.monotonic() >= worker.due:
                self._start(worker)

    def _start(self, worker: Worker) -> None:
        ours, theirs = self._context.Pipe()
        worker.reports = ours
        inherited = None if self._chain is None else Inherited(self._chain, self._let_go_in(worker))
        row = self._table.row(self._workers.index(worker))
        process = self._context.Process(  # type: ignore[attr-defined]  # of every context, and missing in the type of their base
            target=run_worker,
            args=(self._settings, self._sockets, theirs, self._shared_folder, row, tuple(worker.held), inherited),
            name="speaker-tracker-worker",
        )
        if inherited is not None:  # until the child has handlers of its own, a signal would have it act as the supervisor
            signal.pthread_sigmask(signal.SIG_BLOCK, END_SIGNALS)
        process.start()
        theirs.close()
        while worker.held:
            worker.held.pop().close()
        worker.process, worker.ready, worker.started = process, False, time.monotonic()
        if inherited is not None:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, END_SIGNALS)
        if self._stopping:  # the signal came while this one was not yet in the list
            process.terminate()

    def _let_go_in(self, worker: Worker) -> Callable[[], None]:
        """Function that closes, in the process of ``worker``, what it was forked with and is not its own."""

        def let_go() -> None:
            for each in self._workers:
                if each.reports is not None:
                    each.reports.close()
                if each is not worker:
                    for connection in each.held:
                        connection.close()

        return let_go

    def _wait_for_news(self) -> None:
        reports = [worker.reports for worker in self._workers if worker.reports is not None and not worker.ready]
        news = wait([*(process.sentinel for process in self._running()), *reports], timeout=POLL_SECONDS)
        if not news:
            if not self._running():
                time.sleep(POLL_SECONDS)
            return
        for worker in self._workers:
            if worker.reports in news:
                self._take_report(worker)
            if worker.process is not None and worker.process.sentinel in news:
                self._bury(worker)

    def _take_report(self, worker: Worker) -> None:
        assert worker.reports is not None  # noqa: S101 - the caller has seen it
        try:
            report = worker.reports.recv()
        except (EOFError, OSError):
            report = None
        match report:
            case Ready():
                worker.ready = True
                self._announce(report)
            case Failed() if self._all_were_ready:
                logger.error("a worker cannot start: %s", report.sentence)
            case Failed():
                raise ServeError(report.sentence)
            case _:
                worker.reports.close()
                worker.reports = None

    def _announce(self, ready: Ready) -> None:
        if self._all_were_ready:
            logger.info("the new worker is ready")
        elif all(worker.ready for worker in self._workers):
            self._all_were_ready = True
            logger.info("serving on %s in %d processes; %s", url(self._sockets), len(self._workers), ready.in_use)

    def _bury(self, worker: Worker) -> None:
        process, worker.process = worker.process, None
        assert process is not None  # noqa: S101 - the caller has seen it
        process.join()
        self._table.clear(self._workers.index(worker))
        if worker.reports is not None:
            worker.reports.close()
            worker.reports = None
        if self._stopping:
            return
        if not worker.ready and not self._all_were_ready:
            raise ServeError(f"a worker ended with status {process.exitcode} before it was ready")
        if time.monotonic() - worker.started >= STEADY_SECONDS:
            worker.pause = FIRST_PAUSE_SECONDS
        logger.error("worker %s ended with status %s; another starts in %g s", process.pid, process.exitcode, worker.pause)
        worker.due = time.monotonic() + worker.pause
        worker.pause = min(2 * worker.pause, LONGEST_PAUSE_SECONDS)

    def _end_all(self) -> None:
        self._stopping = True
        for process in self._running():
            process.terminate()
        for process in self._running():
            process.join()


def _temporary_folder() -> TemporaryDirectory[str]:
    try:
        return TemporaryDirectory(prefix="speaker-tracker-", ignore_cleanup_errors=True)
    except OSError as error:
        raise ServeError(
            f"several processes need a folder for temporary files, for what they count and keep together, and there is none to "
            f"write to ({error}); set TMPDIR, or SPEAKER_TRACKER_WORKERS to 1"
        ) from error
