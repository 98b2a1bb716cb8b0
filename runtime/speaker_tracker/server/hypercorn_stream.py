"""Hypercorn's side of a WebSocket connection, with three gaps closed.

- A message longer than ``websocket_max_message_size`` closes the connection before the application can say why. Here the excess
  is dropped as it arrives, and the application sees a message that is just over the limit.
- Where the client is lost while the application sends, Hypercorn waits for room in the application's queue inside that very
  ``send``: with a full queue both wait for ever. The same happens once the application has ended and nobody reads the queue.
- ``permessage-deflate`` is not offered: PCM hardly shrinks, its windows cost some 300 KiB a connection, and a few kilobytes of a
  hostile client would unfold to megabytes before any limit applies.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from io import BytesIO, StringIO
from typing import Any

from hypercorn.protocol import h2, h11, ws_stream
from hypercorn.protocol.events import Event, Request, StreamClosed
from hypercorn.protocol.ws_stream import ASGIWebsocketState, WSStream
from hypercorn.typing import ASGISendEvent
from wsproto.events import Message, TextMessage
from wsproto.frame_protocol import CloseReason

logger = logging.getLogger(__name__)

MIN_TEXT_LIMIT = 4096
"""Text frames may be as long as the session reads them, however small the limit for audio is (characters)."""


class TruncatingBuffer(ws_stream.WebsocketBuffer):
    """Collects a message, at most one byte or character more than ``max_length``; the rest is dropped."""

    def extend(self, event: Message[Any]) -> None:
        """Takes a part of a message in."""
        if self.value is None:
            self.value = StringIO() if isinstance(event, TextMessage) else BytesIO()
        is_text = isinstance(self.value, StringIO)
        room = (max(self.max_length, MIN_TEXT_LIMIT) if is_text else self.max_length) + 1 - self.length
        if room > 0:
            self.length += self.value.write(event.data[:room])


class CarefulWSStream(WSStream):
    """A WebSocket stream that neither ends a long message early nor waits for an application that waits for it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.buffer = TruncatingBuffer(self.config.websocket_max_message_size)
        self._application_queue: asyncio.Queue[object] | None = None
        self._end_is_told = False

    async def handle(self, event: Event) -> None:
        """Takes what the client did: the handshake, data, or the end of the connection."""
        if isinstance(event, StreamClosed):
            self._tell_application_of_end()
            return
        await super().handle(event)
        if isinstance(event, Request):
            queue = getattr(self.app_put, "__self__", None)
            if isinstance(queue, asyncio.Queue):
                self._application_queue = queue
        if self.closed and not self._end_is_told:  # a bad handshake has been answered; Hypercorn would leave the socket open
            await self.send(StreamClosed(stream_id=self.stream_id))

    async def app_send(self, message: ASGISendEvent | None) -> None:
        """Takes what the application sends; ``OSError`` where the client is gone, as ASGI 2.4 has it. None: it has ended."""
        if message is not None:
            if self.closed:
                raise ConnectionResetError("the client is gone")
            await super().app_send(message)
            return
        self._free_who_waits_for_application()
        # A client that is lost just now is no failure of the connection's other tasks.
        with suppress(OSError):
            await super().app_send(None)

    def _tell_application_of_end(self) -> None:
        self.closed = True
        if self._end_is_told or self.app_put is None:
            return
        self._end_is_told = True
        if self.app_put is _discard:
            return
        by_us = self.state in {ASGIWebsocketState.HTTPCLOSED, ASGIWebsocketState.CLOSED}
        code = CloseReason.NORMAL_CLOSURE if by_us else CloseReason.ABNORMAL_CLOSURE
        with suppress(RuntimeError):  # the connection's tasks are being cancelled, the application's among them
            self.task_group.spawn(self.app_put, {"type": "websocket.disconnect", "code": code.value})

    def _free_who_waits_for_application(self) -> None:
        self.app_put = _discard
        # Besides the reader at most the message of the end waits for room, and the queue has room for both.
        while self._application_queue is not None and not self._application_queue.empty():
            self._application_queue.get_nowait()


async def _discard(_event: object) -> None:
    """Takes the place of a queue that nobody reads any more."""


def _no_extensions(*_: object) -> None:
    """Answers a client's offer of extensions with none."""


def install() -> None:
    """Puts these streams in the place of Hypercorn's, in this process; once is enough, more does no harm.

    Where a later Hypercorn has no such place, its own behaviour holds, and the log says so.
    """
    for module, name, own in (
        (h11, "WSStream", CarefulWSStream),
        (h2, "WSStream", CarefulWSStream),
        (ws_stream, "server_extensions_handshake", _no_extensions),
    ):
        if hasattr(module, name):
            setattr(module, name, own)
        else:
            logger.warning("this version of Hypercorn has no %s.%s; long frames may close without a message", module.__name__, name)
