"""Application for other ASGI servers and host applications: loaded at the start, or else at the first request."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, cast

from hypercorn.asyncio.lifespan import Lifespan
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope, WebsocketScope

from speaker_tracker.errors import UserError
from speaker_tracker.server.asgi_path import below_root_path, redirect_to_folder
from speaker_tracker.server.running import RunningApp
from speaker_tracker.server.server_end import HeldSignals, hypercorn_end
from speaker_tracker.settings import Settings

logger = logging.getLogger(__name__)

NOT_LOADED = b"speaker tracking could not be loaded; the server's log says why"


class TrackerApp:
    """ASGI application that loads the chain at lifespan startup and lets sessions finish at shutdown.

    Where no lifespan is run, as for an application mounted in another, use ``lifespan`` in the host's; without it the first request
    loads the chain, and nothing is closed at the end. ``settings``: None for those of the environment, read at the start.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings
        self._start: asyncio.Task[RunningApp] | None = None
        self._failed = False
        self._signals = HeldSignals(self.drain, self.stop)

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Answer one ASGI scope: a request, a WebSocket, or the server's lifespan."""
        if scope["type"] == "lifespan":
            await self._run_lifespan(receive, send)
        elif scope["path"] == scope.get("root_path", "").rstrip("/"):
            await redirect_to_folder(scope, send)
        elif (running := await self._running_or_loaded()) is None:
            await _answer_not_loaded(scope, send)
        else:
            running.watch(hypercorn_end(send))
            await running.quart(below_root_path(scope), receive, send)

    @asynccontextmanager
    async def lifespan(self, _host: object = None) -> AsyncIterator[None]:
        """Context in which the application is loaded, for the lifespan of a host application that it is mounted in.

        At its end running sessions have ``grace_seconds`` for their report, then everything is closed. Raises ``UserError``, one
        sentence, where it cannot start.
        """
        await self.start()
        try:
            yield
        finally:
            await self.stop()

    async def start(self) -> None:
        """Load the observers and the chain; does nothing where they are loaded. Raises ``UserError``."""
        if self._start is None:
            self._start = asyncio.create_task(RunningApp.start(self._settings))
        await asyncio.shield(self._start)

    async def drain(self) -> None:
        """Take no new sessions and give running ones ``grace_seconds`` for their report. Does nothing where nothing is loaded."""
        if (running := await self._running()) is not None:
            await running.drain()

    async def stop(self) -> None:
        """Let running sessions finish and close everything; ``start`` may follow. Does nothing where nothing is loaded."""
        running = await self._running()
        self._start = None
        if running is not None:
            await running.stop()

    async def _running(self) -> RunningApp | None:
        if self._start is None:
            return None
        try:
            return await asyncio.shield(self._start)
        except UserError:
            return None

    async def _running_or_loaded(self) -> RunningApp | None:
        is_first = self._start is None
        try:
            await self.start()
            if is_first:  # said once logging is configured
                logger.warning("loaded at the first request, as no lifespan was run; docs/asgi.md says how to load at the start")
        except UserError as error:
            if not self._failed:
                logger.error("%s", error)
            self._failed = True
        return await self._running()

    async def _run_lifespan(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.start()
                except UserError as error:
                    await fail_startup(send, str(error))
                    return
                self._signals.hold()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                self._signals.let_go()
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


async def fail_startup(send: ASGISendCallable, sentence: str) -> None:
    """Tell the server why the application cannot start; returns where the server then ends by itself.

    Hypercorn would answer with an error whose traceback ends its worker. There the sentence is logged, and the process ends with
    status 1.
    """
    if isinstance(getattr(send, "__self__", None), Lifespan):
        logger.error("%s", sentence)
        # In a callback: what is raised in a task is logged again as an error that nobody looked at.
        asyncio.get_running_loop().call_soon(sys.exit, 1)
        await asyncio.Event().wait()
    await send({"type": "lifespan.startup.failed", "message": sentence})


async def _answer_not_loaded(scope: HTTPScope | WebsocketScope, send: ASGISendCallable) -> None:
    if scope["type"] == "websocket" and "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 1011, "reason": ""})
        return
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    start: dict[str, Any] = {
        "type": f"{kind}.start",
        "status": HTTPStatus.SERVICE_UNAVAILABLE,
        "headers": [(b"content-type", b"text/plain"), (b"content-length", str(len(NOT_LOADED)).encode())],
    }
    body: dict[str, Any] = {"type": f"{kind}.body", "body": NOT_LOADED, "more_body": False}
    for message in (start, body):
        await send(cast("Any", message))
