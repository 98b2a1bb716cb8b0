"""WebSocket connections of Quart with bounds: a small inbox, and an orderly goodbye."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, WebsocketScope
from quart.asgi import ASGIWebsocketConnection

if TYPE_CHECKING:
    from quart import Quart, Websocket

INBOX_FRAMES = 1
"""Maximum number of frames that wait while one is processed; Hypercorn holds a few more, the rest waits with the client (TCP)."""

GOODBYE_SECONDS = 5.0
"""Time for a client to answer our close."""


class BoundedWebsocketConnection(ASGIWebsocketConnection):
    """Connection that differs from Quart's own in three points.

    A client that sends faster than its frames are worked on is no longer read (Quart's queue has no end). An empty binary frame
    arrives as ``b""`` (Quart makes it None). After our close what the client still sends is read and dropped until it closes too:
    were the socket closed with unread data in it, TCP would answer with a reset, and the client could lose our last messages.
    """

    def __init__(self, app: Quart, scope: WebsocketScope) -> None:
        super().__init__(app, scope)
        self.queue: asyncio.Queue[str | bytes] = asyncio.Queue(INBOX_FRAMES)
        self._disconnected = False

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Run the connection from its handshake to its end."""
        await super().__call__(receive, send)
        if self._accepted and not self._disconnected:
            with suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await self._discard_until_disconnected(receive)

    async def handle_messages(self, receive: ASGIReceiveCallable) -> None:
        """Move frames to the inbox, waiting where it is full, until the client is gone."""
        while True:
            event = await receive()
            if event["type"] == "websocket.receive":
                data = event.get("bytes")
                await self.queue.put(data if data is not None else cast("str", event["text"]))
            elif event["type"] == "websocket.disconnect":
                self._disconnected = True
                return

    async def handle_websocket(self, websocket: Websocket, send: ASGISendCallable) -> None:
        """Run the handler; a client that is gone by then is no error."""
        with suppress(OSError):
            await super().handle_websocket(websocket, send)

    async def send_data(self, send: ASGISendCallable, data: str | bytes) -> None:
        """Send a frame; raises ``OSError`` where the client is gone."""
        try:
            await super().send_data(send, data)
        except OSError:
            self._closed = True
            raise

    async def close_connection(self, send: ASGISendCallable, code: int, reason: str) -> None:
        """Send the close frame; raises ``OSError`` where the client is gone."""
        try:
            await super().close_connection(send, code, reason)
        except OSError:
            self._closed = True
            raise

    @staticmethod
    async def _discard_until_disconnected(receive: ASGIReceiveCallable) -> None:
        while (await receive())["type"] != "websocket.disconnect":
            pass
