"""Life of the application inside of another server's process, from loading to the last session's end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Self

from quart import Quart

from speaker_tracker.errors import UserError
from speaker_tracker.server.app import session_server
from speaker_tracker.server.loading import LoadedServer, load_server
from speaker_tracker.server.logs import log_to_standard_error
from speaker_tracker.server.workers_folder import WorkersFolder
from speaker_tracker.settings import Settings, load_settings

logger = logging.getLogger(__name__)


class RunningApp:
    """Application that is loaded, made by ``start``; ``quart`` answers requests."""

    def __init__(self, loaded: LoadedServer, quart: Quart, folder: WorkersFolder | None) -> None:
        self.quart = quart
        self._loaded = loaded
        self._folder = folder
        self._drained: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, settings: Settings | None) -> Self:
        """Load by ``settings``, or by those of the environment, in a thread, so that a host application goes on meanwhile.

        Raises ``UserError``, also for what nobody foresaw, which is logged with its traceback.
        """
        with ExitStack() as unless_started:
            try:
                settings = settings or load_settings()
                log_to_standard_error(settings.log_level, settings.log_format)
                loaded = await asyncio.to_thread(load_server, settings)
                unless_started.callback(loaded.close)
                folder = WorkersFolder.of_this_process() if settings.observers or settings.token_secret else None
                if folder is not None:
                    unless_started.callback(folder.leave)
                quart = loaded.application(None if folder is None else folder.path)
                await quart.startup()
            except UserError:
                raise
            except Exception as error:
                logger.exception("failed to start")
                what = type(error).__name__
                raise UserError(f"speaker tracking failed to start with {what}; its log has the traceback") from error
            unless_started.pop_all()
        logger.info("ready; %s", loaded.in_use)
        return cls(loaded, quart, folder)

    def watch(self, server_end: Callable[[], Awaitable[object]] | None) -> None:
        """Let sessions finish as soon as ``server_end`` returns; None, and further ones, are passed over."""
        if server_end is not None and self._watching is None:
            self._watching = asyncio.create_task(self._drain_after(server_end))

    async def _drain_after(self, server_end: Callable[[], Awaitable[object]]) -> None:
        await server_end()
        await self.drain()

    async def drain(self) -> None:
        """Take no new sessions and give running ones ``grace_seconds`` for their report; once, however often it is called."""
        if self._drained is None:
            self._drained = asyncio.create_task(self._drain())
        await asyncio.shield(self._drained)

    async def _drain(self) -> None:
        registry, seconds = session_server(self.quart).registry, self._loaded.settings.grace_seconds
        logger.info("shutting down: %d sessions have up to %g s to finish", len(registry), seconds)
        late = await registry.drain(seconds)
        if late:
            logger.warning("%d sessions did not finish in time and were cut off", late)

    async def stop(self) -> None:
        """Let sessions finish, then close the application, the chain and the observers."""
        await self.drain()
        if self._watching is not None:
            self._watching.cancel()
        await self.quart.shutdown()
        await asyncio.to_thread(self._loaded.close)
        if self._folder is not None:
            self._folder.leave()
