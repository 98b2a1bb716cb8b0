"""WebSocket connections of Quart with bounds: a small inbox, and an orderly goodbye."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, WebsocketScope
from quart.asgi import ASGIWebsocketConnection

from speaker_tracker.protocol import BYTES_PER_SAMPLE, BYTES_PER_SECOND

if TYPE_CHECKING:
    from quart import Quart, Websocket

INBOX_BYTES = BYTES_PER_SECOND
"""Once so much waits, no further frame is read; Hypercorn holds a few more, the rest waits with the client (TCP)."""
MAX_FRAME_BYTES = "MAX_FRAME_BYTES"
"""Name in the application's configuration of the longest frame that a session accepts."""

GOODBYE_SECONDS = 5.0
"""Time for a client to answer our close."""


class Inbox(asyncio.Queue["str | bytes"]):
    """Frames that wait to be processed; there is always room for one.

    Frames of audio that have piled up come out joined, up to ``joined_bytes``, so that a session that is behind catches up in few
    steps.
    """

    def __init__(self, joined_bytes: int) -> None:
        super().__init__()
        self._joined_bytes = joined_bytes

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self._frames: deque[str | bytes] = deque()
        self._queue = self._frames  # the name that asyncio's own queue has for them
        self._bytes = 0

    def full(self) -> bool:
        """Whether no further frame has room."""
        return bool(self._frames) and self._bytes >= INBOX_BYTES

    def _put(self, item: str | bytes) -> None:
        self._frames.append(item)
        self._bytes += len(item)

    def _get(self) -> str | bytes:
        first = self._frames.popleft()
        if isinstance(first, bytes) and _is_plain_audio(first):
            joined, length = [first], len(first)
            while self._frames and isinstance(following := self._frames[0], bytes):
                length += len(following)
                if length > self._joined_bytes or not _is_plain_audio(following):
                    break
                joined.append(following)
                self._frames.popleft()
            first = b"".join(joined) if len(joined) > 1 else first
        self._bytes -= len(first)
        return first


def _is_plain_audio(frame: bytes) -> bool:
    """Whether nothing is wrong with a frame by itself: half a sample and JSON are told of frame by frame."""
    return len(frame) % BYTES_PER_SAMPLE == 0 and frame[:1] != b"{"


class BoundedWebsocketConnection(ASGIWebsocketConnection):
    """Connection that differs from Quart's own in three points.

    A client that sends faster than its frames are worked on is no longer read (Quart's queue has no end). An empty binary frame
    arrives as ``b""`` (Quart makes it None). After our close what the client still sends is read and dropped until it closes too:
    were the socket closed with unread data in it, TCP would answer with a reset, and the client could lose our last messages.
    """

    def __init__(self, app: Quart, scope: WebsocketScope) -> None:
        super().__init__(app, scope)
        self.queue: asyncio.Queue[str | bytes] = Inbox(min(BYTES_PER_SECOND, app.config.get(MAX_FRAME_BYTES, BYTES_PER_SECOND)))
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
