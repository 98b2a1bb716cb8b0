"""One server process among several, as its supervisor starts it."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from hypercorn.config import Sockets

from speaker_tracker.assembly import build_chain, build_observers
from speaker_tracker.chain import Chain
from speaker_tracker.errors import UserError
from speaker_tracker.server.binding import hypercorn_config
from speaker_tracker.server.logs import configure_logging
from speaker_tracker.server.process import Loaded, ParentProcess, serve_here
from speaker_tracker.settings import Settings


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker serves. ``in_use``: stages and models for the log."""

    in_use: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The worker cannot serve; ``sentence`` says why."""

    sentence: str


def run_worker(settings: Settings, sockets: Sockets, reports: Connection, shared_folder: Path | None) -> None:
    """Loads the chain and serves ``sockets`` until SIGTERM; tells ``Ready`` or ``Failed`` through ``reports``.

    The supervisor's end of ``reports`` stays open as long as it lives, so its closing says that the supervisor is gone.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    configure_logging(settings.log_level)
    try:
        observers = build_observers(settings)  # first, as a chain takes seconds to load
        loaded = Loaded(build_chain(settings), observers, hypercorn_config(settings), sockets)
        parent = ParentProcess(lambda: reports.send(Ready(in_use(loaded.chain))), reports.fileno(), shared_folder)
        serve_here(settings, loaded, parent)
    except UserError as error:
        reports.send(Failed(str(error)))
        sys.exit(1)


def in_use(chain: Chain) -> str:
    """The stages of ``chain`` and what they tell of themselves, on one line."""
    stages = " > ".join(stage.name for stage in chain.configured)
    models = "; ".join(f"{name}: {', '.join(f'{key} {value}' for key, value in info.items())}" for name, info in chain.info.items())
    return f"stages {stages}" + (f"; {models}" if models else "")
