"""WebSocket connections of Quart with bounds: a small inbox, and an orderly goodbye."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, WebsocketReceiveEvent, WebsocketScope
from quart.asgi import ASGIWebsocketConnection

from speaker_tracker.errors import BadInput
from speaker_tracker.protocol import BYTES_PER_SAMPLE, BYTES_PER_SECOND, ErrorCode
from speaker_tracker.server.held_audio import READING_GATE, HeldAudio, ReadingGate
from speaker_tracker.server.message_rate import MessageRate, Pace

if TYPE_CHECKING:
    from quart import Quart, Websocket

    from speaker_tracker.server.adapters.twilio_route import TrackConnection

INBOX_BYTES = BYTES_PER_SECOND
"""Once so much waits, no further frame is read; Hypercorn holds a few more, the rest waits with the client (TCP)."""
MAX_FRAME_BYTES = "MAX_FRAME_BYTES"
"""Name in the application's configuration of the longest frame that a session accepts."""
MAX_MESSAGES_PER_SECOND = "MAX_MESSAGES_PER_SECOND"
"""Name in the application's configuration of the limit for messages, see ``MessageRate``."""
DEFAULT_MESSAGES_PER_SECOND = 200.0
TEXT_AUDIO_PATH = "TEXT_AUDIO_PATH"
"""Name in the application's configuration of the path where audio comes in text frames, which then count as audio."""
PACE = "speaker_tracker.pace"
"""Name in the application's extensions of the pace at which short frames are read."""
HELD_AUDIO = "speaker_tracker.held_audio"
"""Name in the application's extensions of the account of the audio that this process holds."""

GOODBYE_SECONDS = 5.0
"""Time for a client to answer our close."""

UNHEARD_SECONDS = 0.01
"""Time between two frames that are read and dropped, of a client that has sent too many."""

TOO_MANY = "\0too many messages"
"""Stands in the inbox for what is not read any more; known by its identity."""


class Inbox(asyncio.Queue["str | bytes"]):
    """Frames that wait to be processed; there is always room for one.

    Frames of audio that have piled up come out joined, up to ``joined_bytes``, so that a session that is behind catches up in few
    steps. ``taken``: called with the length of what comes out.
    """

    def __init__(self, joined_bytes: int, taken: Callable[[int], object] | None = None) -> None:
        super().__init__()
        self._joined_bytes = joined_bytes
        self._taken = taken

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self._frames: deque[str | bytes] = deque()
        self._queue = self._frames  # the name that asyncio's own queue has for them
        self._bytes = 0

    async def get(self) -> str | bytes:
        """Wait for the next frame. Raises ``BadInput`` once all is taken that came before there were too many."""
        if (item := await super().get()) is not TOO_MANY:
            return item
        raise BadInput(
            ErrorCode.TOO_MANY_MESSAGES,
            "there were too many control messages or empty frames; send audio in frames of 20 ms to 1 s, and control messages only "
            "when there is something to say",
        )

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
        if self._taken is not None and first is not TOO_MANY:
            self._taken(len(first))
        return first


def _is_plain_audio(frame: bytes) -> bool:
    """Whether nothing is wrong with a frame by itself: half a sample and JSON are told of frame by frame."""
    return len(frame) % BYTES_PER_SAMPLE == 0 and frame[:1] != b"{"


class BoundedWebsocketConnection(ASGIWebsocketConnection):
    """Connection that differs from Quart's own in four points.

    A client that sends faster than its frames are worked on is no longer read (Quart's queue has no end). An empty binary frame
    arrives as ``b""`` (Quart makes it None). After our close what the client still sends is read and dropped until it closes too:
    were the socket closed with unread data in it, TCP would answer with a reset, and the client could lose our last messages. A
    client that sends too many messages without audio has no further ones heard, and short frames of audio are read at a limited
    pace, see ``message_rate``.
    """

    def __init__(self, app: Quart, scope: WebsocketScope) -> None:
        super().__init__(app, scope)
        held: HeldAudio = app.extensions[HELD_AUDIO]
        self._share = held.share()
        gate: object = (scope.get("extensions") or {}).get(READING_GATE)
        self._is_counted = isinstance(gate, ReadingGate)
        if isinstance(gate, ReadingGate):
            gate.share = self._share
        joined = min(BYTES_PER_SECOND, app.config.get(MAX_FRAME_BYTES, BYTES_PER_SECOND))
        self.queue: asyncio.Queue[str | bytes] = Inbox(joined, self._share.processed)
        self._rate = MessageRate(app.config.get(MAX_MESSAGES_PER_SECOND, DEFAULT_MESSAGES_PER_SECOND))
        self._pace: Pace = app.extensions[PACE]
        self._paced = self._pace.account()
        text_path = app.config.get(TEXT_AUDIO_PATH)
        self._text_is_audio = text_path is not None and scope["path"].removeprefix(scope.get("root_path", "")) == text_path
        self._heard_enough = False
        self._disconnected = False

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Run the connection from its handshake to its end."""
        try:
            await super().__call__(receive, send)
            if self._accepted and not self._disconnected:
                with suppress(TimeoutError):
                    async with asyncio.timeout(GOODBYE_SECONDS):
                        await self._discard_until_disconnected(receive)
        finally:
            self._share.close()

    async def handle_messages(self, receive: ASGIReceiveCallable) -> None:
        """Move frames to the inbox, waiting where it is full, until the client is gone."""
        while True:
            event = await receive()
            if event["type"] == "websocket.receive":
                await self._take(self._counted(event))
            elif event["type"] == "websocket.disconnect":
                self._disconnected = True
                return

    def _counted(self, event: WebsocketReceiveEvent) -> str | bytes:
        """The frame of an event, which this process holds from now on."""
        data = event.get("bytes")
        frame = data if data is not None else cast("str", event["text"])
        if not self._is_counted:
            self._share.arrived(len(frame))
            self._share.completed(len(frame))
        return frame

    async def _take(self, frame: str | bytes) -> None:
        if not self._heard_enough and frame and (isinstance(frame, bytes) or self._text_is_audio):
            self._rate.earn(len(frame))
            await self._pace.keep(self._paced, len(frame))
            await self.queue.put(frame)
            return
        if not self._heard_enough and not self._rate.debt(0):
            await self.queue.put(frame)
            return
        self._share.processed(len(frame))
        if not self._heard_enough:
            self._heard_enough = True
            await self.queue.put(TOO_MANY)
        await asyncio.sleep(UNHEARD_SECONDS)

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

    async def _discard_until_disconnected(self, receive: ASGIReceiveCallable) -> None:
        while (event := await receive())["type"] != "websocket.disconnect":
            if event["type"] == "websocket.receive":
                self._share.processed(len(self._counted(event)))
            if self._heard_enough:
                await asyncio.sleep(UNHEARD_SECONDS)


class StartedConnection:
    """Connection of which the first frame has been received already; it comes first from ``receive``."""

    def __init__(self, connection: Websocket | TrackConnection, first: str | bytes) -> None:
        self._connection = connection
        self._first: str | bytes | None = first

    async def receive(self) -> str | bytes:
        """Wait for the next frame. Raises ``BadInput`` as ``Inbox.get`` does."""
        first, self._first = self._first, None
        return await self._connection.receive() if first is None else first

    async def send(self, data: str) -> None:
        """Send a text frame; raises ``OSError`` where the client is gone."""
        await self._connection.send(data)

    async def close(self, code: int, reason: str = "") -> None:
        """Send a close frame; raises ``OSError`` where the client is gone."""
        await self._connection.close(code, reason)
