"""Application made from settings, in the one way that ``serve`` and other ASGI servers share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from quart import Quart

from speaker_tracker.engine.assembly import build_chain, build_observers
from speaker_tracker.engine.chain import Chain
from speaker_tracker.engine.observers import Observers
from speaker_tracker.observer import ServerProcessInfo
from speaker_tracker.server.app import create_app
from speaker_tracker.server.worker_table import WorkerRow
from speaker_tracker.settings import Settings


@dataclass(frozen=True, slots=True)
class LoadedServer:
    """Settings with what a server process loads by them: the chain and the observers."""

    settings: Settings
    chain: Chain
    observers: Observers

    @property
    def in_use(self) -> str:
        """Stages and what they tell of themselves, on one line for the log."""
        stages = " > ".join(stage.name for stage in self.chain.configured)
        infos = self.chain.info.items()
        models = "; ".join(f"{name}: {', '.join(f'{key} {value}' for key, value in info.items())}" for name, info in infos)
        return f"stages {stages}" + (f"; {models}" if models else "")

    def application(self, shared_folder: Path | None = None, row: WorkerRow | None = None) -> Quart:
        """Tell the observers of the start and make the application; called once.

        ``shared_folder``: as in ``ServerProcessInfo``. ``row``: figures that this process shares with the server's others. Raises
        ``ObserverConfigurationError`` where an observer wants a path that it cannot have, and ``SettingsError`` where tokens
        cannot be checked, or sessions not kept, as they should be.
        """
        stages = tuple(stage.name for stage in self.chain.configured)
        processes = 1 if row is None else self.settings.workers
        process = ServerProcessInfo(stages, self.chain.info, self.settings.max_sessions, shared_folder, processes)
        self.observers.started(process)
        return create_app(self.settings, self.chain, self.observers, row, shared_folder)

    def close(self) -> None:
        """Release the chain and the observers; no session may be open any more."""
        self.chain.close()
        self.observers.close()


def load_server(settings: Settings, chain: Chain | None = None) -> LoadedServer:
    """Load the observers, then the chain, which takes seconds, unless it is given. Raises ``UserError``."""
    observers = build_observers(settings)
    return LoadedServer(settings, chain or build_chain(settings), observers)
