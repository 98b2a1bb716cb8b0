"""Server process among several, as its supervisor starts it."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from hypercorn.config import Sockets

from speaker_tracker.errors import UserError
from speaker_tracker.server.binding import hypercorn_config
from speaker_tracker.server.loading import load_server
from speaker_tracker.server.logs import configure_logging
from speaker_tracker.server.process import ParentProcess, serve_here
from speaker_tracker.settings import Settings


@dataclass(frozen=True, slots=True)
class Ready:
    """Report that the worker serves. ``in_use``: stages and models for the log."""

    in_use: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Report that the worker cannot serve; ``sentence`` says why."""

    sentence: str


def run_worker(settings: Settings, sockets: Sockets, reports: Connection, shared_folder: Path | None) -> None:
    """Load the chain and serve ``sockets`` until SIGTERM; report ``Ready`` or ``Failed`` through ``reports``.

    The supervisor's end of ``reports`` stays open as long as it lives, so its closing says that the supervisor is gone.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    configure_logging(settings.log_level)
    try:
        loaded = load_server(settings)
        parent = ParentProcess(lambda: reports.send(Ready(loaded.in_use)), reports.fileno(), shared_folder)
        serve_here(loaded, hypercorn_config(settings), sockets, parent)
    except UserError as error:
        reports.send(Failed(str(error)))
        sys.exit(1)
