"""Serving in this process, from the first connection to an orderly end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.run import worker_serve
from hypercorn.config import Config, Sockets
from quart import Quart

from speaker_tracker.server import hypercorn_stream
from speaker_tracker.server.app import session_server
from speaker_tracker.server.binding import CLOSING_SECONDS
from speaker_tracker.server.core_dumps import write_no_core_dumps
from speaker_tracker.server.loading import LoadedServer

logger = logging.getLogger(__name__)

END_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class ParentProcess:
    """Process that started this one: what it wants to know, and what it shares.

    ``ready`` is called once the server answers connections and signals. ``orphaned``: a file descriptor that becomes readable
    when the parent is gone, which is answered like a signal. ``shared_folder``: as in ``ServerProcessInfo``.
    """

    ready: Callable[[], None]
    orphaned: int | None = None
    shared_folder: Path | None = None


def serve_here(loaded: LoadedServer, config: Config, sockets: Sockets, parent: ParentProcess) -> None:
    """Serve until SIGTERM or SIGINT; running sessions then get their report within ``settings.grace_seconds``.

    A second signal ends the process at once.
    """
    write_no_core_dumps()
    app = loaded.application(parent.shared_folder)
    asyncio.run(_serve(app, config, sockets, loaded.settings.grace_seconds, parent))
    loaded.close()


async def _serve(app: Quart, config: Config, sockets: Sockets, grace_seconds: float, parent: ParentProcess) -> None:
    stop = asyncio.Event()
    _on_end_signals(stop)
    if parent.orphaned is not None:
        asyncio.get_running_loop().add_reader(parent.orphaned, _stop_as_orphan, parent.orphaned, stop)
    app.before_serving(parent.ready)
    await serve_until(stop, app, config, sockets, grace_seconds)


async def serve_until(stop: asyncio.Event, app: Quart, config: Config, sockets: Sockets, grace_seconds: float) -> None:
    """Serve ``app`` until ``stop`` is set, then let its sessions finish within ``grace_seconds``."""
    hypercorn_stream.install()
    server = session_server(app)
    drained = asyncio.Event()
    serving = asyncio.ensure_future(worker_serve(ASGIWrapper(app), config, sockets=sockets, shutdown_trigger=drained.wait))
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not serving.done():
            logger.info("shutting down: %d sessions have %g s to finish", len(server.registry), grace_seconds)
            late = await server.registry.drain(grace_seconds)
            if late:
                logger.warning("%d sessions did not finish in time and were cut off", late)
            # Only now: Hypercorn closes connections by itself once it knows of the end.
            drained.set()
            await asyncio.wait({serving}, timeout=2 * CLOSING_SECONDS + 1)
        if server.steps.busy:
            _end_in_spite_of_stuck_threads()
        serving.cancel()
        await asyncio.wait({serving})
        if not serving.cancelled():
            serving.result()
    finally:
        stopping.cancel()


def _on_end_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def end(number: signal.Signals) -> None:
        if stop.is_set():
            die_of(number)
        stop.set()

    for number in END_SIGNALS:
        _on_signal(loop, number, end)


def _on_signal(loop: asyncio.AbstractEventLoop, number: signal.Signals, then: Callable[[signal.Signals], None]) -> None:
    if signal.getsignal(number) is signal.SIG_IGN:
        return
    try:
        loop.add_signal_handler(number, then, number)
    except NotImplementedError:  # Windows
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(then, number))


def die_of(number: signal.Signals) -> None:
    """End this process at once, by the signal's default action, as its parent then sees."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    # The first process of a container is spared default actions.
    os._exit(128 + number)


def end_by_signals_while_loading() -> None:
    """Have SIGTERM end this process even if it is the first of a container, until ``serve_here`` answers signals."""
    signal.signal(signal.SIGTERM, lambda number, _frame: die_of(signal.Signals(number)))


def _stop_as_orphan(orphaned: int, stop: asyncio.Event) -> None:
    asyncio.get_running_loop().remove_reader(orphaned)
    logger.warning("the process that started this worker is gone")
    stop.set()


def _end_in_spite_of_stuck_threads() -> None:
    """Python waits for its threads at exit; a stage that never returns would keep the process for ever."""
    logger.error("a stage has not returned long after its session was cut off; ending without it")
    logging.shutdown()
    os._exit(0)
