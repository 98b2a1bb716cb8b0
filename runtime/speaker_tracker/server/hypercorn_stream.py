"""Replacements for parts of Hypercorn, which close gaps in how it treats WebSocket connections.

- A message longer than ``websocket_max_message_size`` closes the connection before the application can say why. Here the excess
  is dropped as it arrives, and the application sees a message that is just over the limit.
- When the client is lost while the application sends, Hypercorn waits for room in the application's queue inside that very
  ``send``: with a full queue both wait for ever. The same happens once the application has ended and nobody reads the queue.
- A connection that the kernel gives up (``TCP_USER_TIMEOUT``) is logged with a traceback: Hypercorn expects other errors only.
- A handshake whose subprotocols are not ASCII ends in a traceback; here it is answered.
- ``permessage-deflate`` is not offered: PCM hardly shrinks, its windows cost some 300 KiB a connection, and a few kilobytes of a
  hostile client would unfold to megabytes before any limit applies.

docs/hypercorn-upstream.md has the first two with a script for each that shows them.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from io import BytesIO, StringIO
from typing import Any

from hypercorn.asyncio import run
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.protocol import h2, h11, ws_stream
from hypercorn.protocol.events import Event, Request, StreamClosed
from hypercorn.protocol.ws_stream import ASGIWebsocketState, WSStream
from hypercorn.typing import ASGISendEvent
from wsproto.events import Message, TextMessage
from wsproto.frame_protocol import CloseReason

logger = logging.getLogger(__name__)

MIN_TEXT_LIMIT = 4096
"""Lower bound of the limit for text frames, in characters: as much as a session reads, however small the limit for audio is."""


class TruncatingBuffer(ws_stream.WebsocketBuffer):
    """Buffer for one message that keeps at most one byte or character more than ``max_length`` and drops the rest."""

    def extend(self, event: Message[Any]) -> None:
        """Append a part of a message."""
        if self.value is None:
            self.value = StringIO() if isinstance(event, TextMessage) else BytesIO()
        is_text = isinstance(self.value, StringIO)
        room = (max(self.max_length, MIN_TEXT_LIMIT) if is_text else self.max_length) + 1 - self.length
        if room > 0:
            self.length += self.value.write(event.data[:room])


class NonBlockingWSStream(WSStream):
    """WebSocket stream that hands on long messages and never waits for an application that is waiting for it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.buffer = TruncatingBuffer(self.config.websocket_max_message_size)
        self._application_queue: asyncio.Queue[object] | None = None
        self._end_is_told = False

    async def handle(self, event: Event) -> None:
        """Process an event of the client: the handshake, data, or the end of the connection."""
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
        """Send a message of the application; None means that the application has ended.

        Raises ``OSError`` where the client is gone, as ASGI 2.4 asks for.
        """
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


class QuietTCPServer(TCPServer):
    """Connection that ends without a traceback however the client was lost, and at once when it is cancelled.

    At the server's end Hypercorn cancels connections that have not ended in time, and still waits until the client has read all.
    """

    async def run(self) -> None:
        """Serve the connection to its end."""
        with suppress(asyncio.CancelledError):  # asyncio of Python 3.11 logs every connection that ends by it
            await super().run()

    async def _close(self) -> None:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            self.writer.transport.abort()
        # Hypercorn catches the errors of a reset here, and not the ETIMEDOUT of a client that never read.
        with suppress(OSError):
            await super()._close()


async def _discard(_event: object) -> None:
    """Drop an event; stands in for a queue that nobody reads any more."""


def _no_extensions(*_: object) -> None:
    """Accept none of the extensions that a client offers."""


def _split_comma_header(value: bytes) -> list[str]:
    """Parts of a header's value; what is not ASCII is no part that anybody knows."""
    return [part.decode("ascii", errors="replace").strip() for part in value.split(b",")]


def install() -> None:
    """Put these replacements in the place of Hypercorn's own, for this process. Calling it again does no harm.

    Where a later Hypercorn has no such place, its own behaviour holds, and the log says so.
    """
    for module, name, own in (
        (h11, "WSStream", NonBlockingWSStream),
        (h2, "WSStream", NonBlockingWSStream),
        (ws_stream, "server_extensions_handshake", _no_extensions),
        (ws_stream, "split_comma_header", _split_comma_header),
        (run, "TCPServer", QuietTCPServer),
    ):
        if hasattr(module, name):
            setattr(module, name, own)
        else:
            logger.warning("this version of Hypercorn has no %s.%s, and keeps its own behaviour there", module.__name__, name)
