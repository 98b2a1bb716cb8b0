"""Serving in this process, from the first connection to an orderly end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING

from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.run import worker_serve
from hypercorn.config import Config, Sockets

from speaker_tracker.engine.collector import collector_paused, leave_out_what_is_loaded
from speaker_tracker.server import hypercorn_stream
from speaker_tracker.server.binding import CLOSING_SECONDS
from speaker_tracker.server.core_dumps import write_no_core_dumps
from speaker_tracker.server.starting import StartingApp
from speaker_tracker.server.worker_table import WorkerRow
from speaker_tracker.settings import Settings

if TYPE_CHECKING:
    from quart import Quart

    from speaker_tracker.engine.chain import Chain
    from speaker_tracker.server.loading import LoadedServer

logger = logging.getLogger(__name__)

END_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What this process has to do with others.

    ``ready``: called with what is in use, for the log, once sessions are served. ``orphaned``: a file descriptor that becomes
    readable when the parent is gone, which is answered like a signal. ``shared_folder``: as in ``ServerProcessInfo``. ``row``:
    figures that the processes of the server share, by which they share the connections too. ``held``: connections that the parent
    has accepted. ``chain``: the chain where the parent has loaded it.
    """

    ready: Callable[[str], None]
    orphaned: int | None = None
    shared_folder: Path | None = None
    row: WorkerRow | None = None
    held: Sequence[socket] = ()
    chain: Chain | None = None


def serve_here(settings: Settings, config: Config, sockets: Sockets, surroundings: Surroundings) -> None:
    """Serve at once, load the chain meanwhile, and go on until SIGTERM or SIGINT.

    Running sessions then get their report within ``settings.grace_seconds``. A second signal, or one while the chain is loaded,
    ends the process at once. Raises ``UserError`` where the chain or an observer cannot be loaded.
    """
    write_no_core_dumps()
    loaded = asyncio.run(_Serving(settings, config, sockets, surroundings).run())
    loaded.close()


class _Serving:
    """One run of the server in this process."""

    def __init__(self, settings: Settings, config: Config, sockets: Sockets, surroundings: Surroundings) -> None:
        self._settings = settings
        self._config = config
        self._sockets = sockets
        self._surroundings = surroundings
        self._stop = asyncio.Event()
        self._is_loaded = False

    async def run(self) -> LoadedServer:
        """Serve to the end; returns what has to be closed."""
        _on_end_signals(self._end)
        if self._surroundings.orphaned is not None:
            asyncio.get_running_loop().add_reader(self._surroundings.orphaned, self._stop_as_orphan)
        app = StartingApp(starting_health(self._settings))
        loading = asyncio.create_task(self._load(app))
        if self._surroundings.chain is not None:
            await asyncio.wait({loading})  # there is next to nothing to load
        sockets = self._sockets
        if self._surroundings.row is not None:
            sockets = fair_sockets(sockets, self._surroundings.row, self._surroundings.held)
        try:
            await serve_until(self._stop, app, self._config, sockets, self._settings.grace_seconds)
            return await loading
        finally:
            _leave_end_signals()

    async def _load(self, app: StartingApp) -> LoadedServer:
        try:
            loaded = await asyncio.to_thread(_loaded, self._settings, self._surroundings.chain)
            await app.use(loaded.application(self._surroundings.shared_folder, self._surroundings.row))
        except BaseException:
            app.give_up()
            self._stop.set()
            raise
        self._is_loaded = True
        self._surroundings.ready(loaded.in_use)
        return loaded

    def _end(self, number: signal.Signals) -> None:
        # A thread that imports or reads a model cannot be told to end.
        if self._stop.is_set() or not self._is_loaded:
            die_of(number)
        self._stop.set()

    def _stop_as_orphan(self) -> None:
        assert self._surroundings.orphaned is not None  # noqa: S101 - it is what has become readable
        asyncio.get_running_loop().remove_reader(self._surroundings.orphaned)
        logger.warning("the process that started this worker is gone")
        if not self._is_loaded:
            die_of(signal.SIGTERM)
        self._stop.set()


def starting_health(settings: Settings) -> dict[str, object]:
    """What ``/health`` tells besides the status while the chain is loaded."""
    return {"sessions": 0, "max_sessions": settings.max_sessions, "stages": settings.stages, "models": {}}


def _loaded(settings: Settings, chain: Chain | None) -> LoadedServer:
    with collector_paused():
        # Imported here, in the thread: these modules take longer to import than the server does to listen.
        from speaker_tracker.server.loading import load_server  # noqa: PLC0415

        loaded = load_server(settings, chain)
    if chain is None:
        leave_out_what_is_loaded()
    return loaded


def fair_sockets(sockets: Sockets, row: WorkerRow, held: Sequence[socket]) -> Sockets:
    """Stand-ins for ``sockets`` that share connections evenly, where the system can tell of a socket that is readable.

    ``held``: connections that belong to this process already.
    """
    if os.name != "posix":  # Windows, whose event loop knows no readers
        return sockets
    from speaker_tracker.server.fair_accept import FairSocket  # noqa: PLC0415 - see above

    if sockets.secure_sockets:
        return Sockets([FairSocket(sockets.secure_sockets, row, held)], [], [])
    return Sockets([], [FairSocket(sockets.insecure_sockets, row, held)], [])


async def serve_until(
    stop: asyncio.Event, app: StartingApp | Quart, config: Config, sockets: Sockets, grace_seconds: float
) -> None:
    """Serve ``app`` until ``stop`` is set, then let its sessions finish within ``grace_seconds``."""
    hypercorn_stream.install()
    starting = app if isinstance(app, StartingApp) else StartingApp({}, app)
    drained = asyncio.Event()
    serving = asyncio.ensure_future(worker_serve(ASGIWrapper(starting), config, sockets=sockets, shutdown_trigger=drained.wait))
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not serving.done():
            if starting.quart is not None:
                await _drain(starting.quart, grace_seconds)
            # Only now: Hypercorn closes connections by itself once it knows of the end.
            drained.set()
            await asyncio.wait({serving}, timeout=2 * CLOSING_SECONDS + 1)
        if starting.quart is not None and _has_stuck_threads(starting.quart):
            _end_in_spite_of_stuck_threads()
        serving.cancel()
        await asyncio.wait({serving})
        if not serving.cancelled():
            serving.result()
    finally:
        stopping.cancel()


async def _drain(app: Quart, grace_seconds: float) -> None:
    from speaker_tracker.server.app import session_server  # noqa: PLC0415 - loaded by now

    registry = session_server(app).registry
    logger.info("shutting down: %d sessions have %g s to finish", len(registry), grace_seconds)
    late = await registry.drain(grace_seconds)
    if late:
        logger.warning("%d sessions did not finish in time and were cut off", late)


def _has_stuck_threads(app: Quart) -> bool:
    from speaker_tracker.server.app import session_server  # noqa: PLC0415 - loaded by now

    return session_server(app).steps.busy


def _on_end_signals(end: Callable[[signal.Signals], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in END_SIGNALS:
        _on_signal(loop, number, end)


def _on_signal(loop: asyncio.AbstractEventLoop, number: signal.Signals, then: Callable[[signal.Signals], None]) -> None:
    if signal.getsignal(number) is signal.SIG_IGN:
        return
    try:
        loop.add_signal_handler(number, then, number)
    except NotImplementedError:  # Windows
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(then, number))


def _leave_end_signals() -> None:
    """Leave signals to their default actions: where one comes while the loop is closed, Python complains of the loop's pipe."""
    loop = asyncio.get_running_loop()
    for number in END_SIGNALS:
        with suppress(NotImplementedError):  # Windows
            loop.remove_signal_handler(number)


def die_of(number: signal.Signals) -> None:
    """End this process at once, by the signal's default action, as its parent then sees."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    # The first process of a container is spared default actions.
    os._exit(128 + number)


def end_by_signals_while_loading() -> None:
    """Have SIGTERM end this process even if it is the first of a container, until ``serve_here`` answers signals."""
    signal.signal(signal.SIGTERM, lambda number, _frame: die_of(signal.Signals(number)))


def _end_in_spite_of_stuck_threads() -> None:
    """Python waits for its threads at exit; a stage that never returns would keep the process for ever."""
    logger.error("a stage has not returned long after its session was cut off; ending without it")
    logging.shutdown()
    os._exit(0)
