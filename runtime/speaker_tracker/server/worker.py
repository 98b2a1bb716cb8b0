"""Server process among several, as its supervisor starts it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING

from hypercorn.config import Sockets

from speaker_tracker.errors import UserError
from speaker_tracker.server.binding import hypercorn_config
from speaker_tracker.server.logs import configure_logging
from speaker_tracker.server.process import END_SIGNALS, Surroundings, end_by_signals_while_loading, serve_here
from speaker_tracker.server.worker_table import WorkerRow
from speaker_tracker.settings import Settings

if TYPE_CHECKING:
    from speaker_tracker.engine.chain import Chain


@dataclass(frozen=True, slots=True)
class Ready:
    """Report that the worker serves. ``in_use``: stages and models for the log."""

    in_use: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Report that the worker cannot serve; ``sentence`` says why."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a worker that was forked has of its parent: the ``chain``.

    ``let_go``: closes what belongs to the parent and to other workers.
    """

    chain: Chain
    let_go: Callable[[], None]


def run_worker(  # noqa: PLR0913, PLR0917 - all that a process is given
    settings: Settings,
    sockets: Sockets,
    reports: Connection,
    shared_folder: Path | None,
    row: WorkerRow,
    held: Sequence[socket],
    inherited: Inherited | None = None,
) -> None:
    """Serve ``sockets`` until SIGTERM; report ``Ready`` or ``Failed`` through ``reports``.

    The supervisor's end of ``reports`` stays open as long as it lives, so its closing says that the supervisor is gone.
    ``row``: figures that it shares with other workers. ``held``: connections that are accepted and its own. ``inherited``: None in
    a process that was not forked and loads the chain itself.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_by_signals_while_loading()
    if inherited is not None:
        inherited.let_go()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, END_SIGNALS)
    configure_logging(settings.log_level, settings.log_format)
    surroundings = Surroundings(
        lambda in_use: reports.send(Ready(in_use)),
        orphaned=reports.fileno(),
        shared_folder=shared_folder,
        row=row,
        held=held,
        chain=None if inherited is None else inherited.chain,
    )
    try:
        serve_here(settings, hypercorn_config(settings), sockets, surroundings)
    except UserError as error:
        reports.send(Failed(str(error)))
        sys.exit(1)
