"""Replacements for parts of Hypercorn, which close gaps in how it treats WebSocket connections.

- A message longer than ``websocket_max_message_size`` closes the connection before the application can say why. Here the excess
  is dropped as it arrives, and the application sees a message that is just over the limit.
- When the client is lost while the application sends, Hypercorn waits for room in the application's queue inside that very
  ``send``: with a full queue both wait for ever. The same happens once the application has ended and nobody reads the queue.
- A connection that the kernel gives up (``TCP_USER_TIMEOUT``) is logged with a traceback: Hypercorn expects other errors only.
- Frames that break the protocol end the connection without a close frame. Here the client is told 1002, or 1007 for text that is
  not UTF-8 (RFC 6455, section 7.1.7), and has time to read it.
- Pings and fragments never reach the application, and are read as fast as they come. Here they are read at a limited rate.
- A connection is read however much its client has sent already. Here ``speaker_tracker.server.held_audio`` can hold it up.
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
from typing import Any, cast

from hypercorn.asyncio import run
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.protocol import h2, h11, ws_stream
from hypercorn.protocol.events import Body, Data, Event, Request, StreamClosed
from hypercorn.protocol.ws_stream import ASGIWebsocketState, WSStream
from hypercorn.typing import ASGISendEvent
from wsproto.connection import ConnectionState
from wsproto.events import CloseConnection, Message, Ping, TextMessage
from wsproto.frame_protocol import CloseReason

from speaker_tracker.engine.log_events import log_event
from speaker_tracker.server.held_audio import READING_GATE, ReadingGate
from speaker_tracker.server.message_rate import MessageRate

logger = logging.getLogger(__name__)

MIN_TEXT_LIMIT = 4096
"""Lower bound of the limit for text frames, in characters: as much as a session reads, however small the limit for audio is."""

FRAMES_PER_SECOND = 200.0
"""Pings, pongs and fragments of messages that are read in a second, besides those that bring audio of their length."""

LINGER_SECONDS = 2.0
"""Time for a client to answer the close frame after a fault of its own: what it has sent besides would reset the connection."""

CLOSE_FRAME = b"\x88"
"""First byte of a close frame."""


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
    """WebSocket stream that hands on long messages and never waits for an application that is waiting for it.

    What it reads is counted and held up by the ``ReadingGate`` that the application finds in its scope.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.buffer = TruncatingBuffer(self.config.websocket_max_message_size)
        self._application_queue: asyncio.Queue[object] | None = None
        self._end_is_told = False
        self._gate = ReadingGate()
        self._rate = MessageRate(FRAMES_PER_SECOND)
        self._answered: asyncio.Event | None = None

    async def handle(self, event: Event) -> None:
        """Process an event of the client: the handshake, data, or the end of the connection."""
        if isinstance(event, StreamClosed):
            if self._answered is not None:
                self._answered.set()
            self._tell_application_of_end()
            return
        if isinstance(event, Body | Data):
            if self._answered is not None and event.data.startswith(CLOSE_FRAME):
                self._answered.set()
            await self._gate.room()
        await super().handle(event)
        if isinstance(event, Request) and not self.closed:
            cast("dict[str, Any]", self.scope["extensions"])[READING_GATE] = self._gate
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

    async def _handle_events(self) -> None:
        for event in self.connection.events():
            match event:
                case Message():
                    await self._take(event)
                case Ping():
                    await self._send_wsproto_event(event.response())
                    await asyncio.sleep(self._rate.debt(0))
                case CloseConnection() if self.connection.state is ConnectionState.OPEN:  # it could not be read any further
                    await self._fail(event)
                case CloseConnection():
                    if self.connection.state is ConnectionState.REMOTE_CLOSING:
                        await self._send_wsproto_event(event.response())
                    await self.send(StreamClosed(stream_id=self.stream_id))
                case _:
                    await asyncio.sleep(self._rate.debt(0))

    async def _take(self, event: Message[Any]) -> None:
        before = self.buffer.length
        self.buffer.extend(event)
        self._gate.arrived(self.buffer.length - before)
        if event.message_finished:
            message, length = self.buffer.to_message(), self.buffer.length
            self.buffer.clear()
            self._gate.completed(length)
            assert self.app_put is not None  # noqa: S101 - there is no message before the handshake
            await self.app_put(message)
        else:
            await asyncio.sleep(self._rate.debt(len(event.data)))

    async def _fail(self, fault: CloseConnection) -> None:
        """Close the connection of a client that has broken the protocol, and let go of it once it has read that."""
        log_event(
            logger,
            logging.INFO,
            "malformed_frame",
            "closed a connection with %d: %s",
            fault.code,
            fault.reason,
            close_code=int(fault.code),
        )
        await self._send_wsproto_event(CloseConnection(code=fault.code, reason=fault.reason))
        self._answered = asyncio.Event()
        self._tell_application_of_end(fault.code)
        self.task_group.spawn(self._end_once_answered, self._answered)

    async def _end_once_answered(self, answered: asyncio.Event) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                await answered.wait()
        await self.send(StreamClosed(stream_id=self.stream_id))

    def _tell_application_of_end(self, code: int = CloseReason.ABNORMAL_CLOSURE) -> None:
        self.closed = True
        if self._end_is_told or self.app_put is None:
            return
        self._end_is_told = True
        if self.app_put is _discard:
            return
        if self.state in {ASGIWebsocketState.HTTPCLOSED, ASGIWebsocketState.CLOSED}:  # by us
            code = CloseReason.NORMAL_CLOSURE
        with suppress(RuntimeError):  # the connection's tasks are being cancelled, the application's among them
            self.task_group.spawn(self.app_put, {"type": "websocket.disconnect", "code": int(code)})

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
