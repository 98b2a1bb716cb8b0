"""Application that answers from the first moment: for its health by itself, for all else once the chain is loaded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope, WebsocketScope

from speaker_tracker import __version__
from speaker_tracker.server.paths import HEALTH_PATH, READY_PATH

if TYPE_CHECKING:
    from quart import Quart

HELD_SECONDS = 60
"""Time that a client waits for the start at most; after that it is told to try again."""

RETRY_SECONDS = 1
"""What ``Retry-After`` tells those who ask too early."""

JSON = "application/json"

TURNED_AWAY = b'{"message": "the server is still starting; connect again later"}'
"""Body of the answer, with status 503, for who has waited in vain."""


def starting_answer(path: str, told: Mapping[str, Any]) -> tuple[HTTPStatus, bytes] | None:
    """Status and JSON body for ``path`` while the server starts; None for what has to wait.

    ``told``: what ``/health`` tells besides the status.
    """
    if path == HEALTH_PATH:
        return HTTPStatus.OK, json.dumps({"status": "starting", "version": __version__, **told}).encode()
    if path == READY_PATH:
        return HTTPStatus.SERVICE_UNAVAILABLE, b'{"status": "starting"}'
    return None


class StartingApp:
    """ASGI application in the place of ``quart`` while that is not there yet; once it is, requests go straight to it.

    ``told``: what ``/health`` tells besides the status meanwhile. Other requests and the handshakes of WebSockets wait, at most
    ``held_seconds``, so that the client whose coming started the server is served and not turned away.
    """

    def __init__(self, told: Mapping[str, Any], quart: Quart | None = None, *, held_seconds: float = HELD_SECONDS) -> None:
        self.quart = quart
        self._told = told
        self._held_seconds = held_seconds
        self._decided = asyncio.Event()
        self._started = False
        if quart is not None:
            self._decided.set()

    async def use(self, quart: Quart) -> None:
        """Start ``quart`` and let it answer from now on, also those who wait."""
        await self._start(quart)
        self.quart = quart
        self._decided.set()

    def give_up(self) -> None:
        """Turn away those who wait, as nothing will be loaded any more."""
        self._decided.set()

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Answer one ASGI scope."""
        if scope["type"] == "lifespan":
            await self._run_lifespan(receive, send)
            return
        if not self._decided.is_set():
            answer = starting_answer(scope["path"], self._told) if scope["type"] == "http" else None
            if answer is not None:
                await _answer(scope, send, *answer)
                return
            try:
                async with asyncio.timeout(self._held_seconds):
                    await self._decided.wait()
            except TimeoutError:
                pass
        if self.quart is not None:
            await self.quart(scope, receive, send)
        else:
            await _answer(scope, send, HTTPStatus.SERVICE_UNAVAILABLE, TURNED_AWAY)

    async def _start(self, quart: Quart) -> None:
        if not self._started:
            self._started = True
            await quart.startup()

    async def _run_lifespan(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                if self.quart is not None:
                    await self._start(self.quart)
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                if self.quart is not None:
                    await self.quart.shutdown()
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _answer(scope: HTTPScope | WebsocketScope, send: ASGISendCallable, status: HTTPStatus, body: bytes) -> None:
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    headers = [(b"content-type", JSON.encode()), (b"content-length", str(len(body)).encode())]
    if status is not HTTPStatus.OK:
        headers.append((b"retry-after", str(RETRY_SECONDS).encode()))
    start = {"type": f"{kind}.start", "status": status, "headers": headers}
    for message in (start, {"type": f"{kind}.body", "body": body, "more_body": False}):
        await send(cast("Any", message))
