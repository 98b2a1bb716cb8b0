"""One connection to a server, speaking its protocol."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, WebSocketException

from speaker_tracker.client.address import is_loopback, redacted
from speaker_tracker.client.errors import ConnectionLost, NotASpeakerTracker, server_error
from speaker_tracker.client.messages import ErrorReceived, NotTheProtocol, parse_message
from speaker_tracker.client.refusals import OPEN_TIMEOUT, refusal
from speaker_tracker.protocol import (
    DEFAULT_SPEAKERS,
    CloseCode,
    GapCommand,
    KeepAliveCommand,
    ResumeCommand,
    ResumedMessage,
    ServerMessage,
    StartCommand,
    StartedMessage,
    StopCommand,
)

GOODBYE_SECONDS = 1.0
"""Maximum wait for the server's closing handshake when a client gives its session up."""


class TrackerConnection:
    """An open connection; made by ``open_connection``. ``start`` first, then ``send_audio`` and ``messages`` side by side."""

    def __init__(self, url: str, websocket: ClientConnection) -> None:
        self.url = url
        """For messages."""
        self.session: str | None = None
        """What the session can be resumed by, if the server keeps it."""
        self._websocket = websocket

    @property
    def server_went_away(self) -> bool:
        """Whether the server closed the connection because it shuts down; a report then covers the audio received by then."""
        return self._websocket.close_code == CloseCode.GOING_AWAY

    async def start(self, num_speakers: int = DEFAULT_SPEAKERS, *, timeline: bool = True, **more: Any) -> None:
        """Opens the session and waits for the server's ``started`` message. ``more``: further fields of ``StartCommand``.

        Raises ``ClientError``, and ``ValueError`` where ``num_speakers`` is not 1 to 5.
        """
        await self._send(StartCommand(num_speakers=num_speakers, timeline=timeline, **more).model_dump_json(exclude_none=True))
        async for message in self.messages():
            if isinstance(message, StartedMessage):
                self.session = message.session
                return
        raise ConnectionLost(f"{self.url} closed the connection instead of starting a session", self._websocket.close_code)

    async def resume(self, session: str) -> int:
        """Goes on with a session instead of starting one; returns from where on to send its audio (ms of the session).

        Raises ``ClientError``.
        """
        await self._send(ResumeCommand(session=session).model_dump_json())
        async for message in self.messages():
            if isinstance(message, ResumedMessage):
                self.session = session
                return message.audioMs
        raise ConnectionLost(f"{self.url} closed the connection instead of resuming a session", self._websocket.close_code)

    async def send_audio(self, pcm: bytes) -> bool:
        """Sends PCM (16 kHz, signed 16-bit little-endian, mono; whole samples); waits while the server does not keep up.

        Returns False, and sends nothing, on a closed connection; ``messages`` raises the reason.
        """
        return await self._send(pcm)

    async def gap(self, ms: int) -> bool:
        """Says that there is no audio for ``ms`` (1 to a day) before what is sent next. Returns as ``send_audio`` does."""
        return await self._send(GapCommand(ms=ms).model_dump_json())

    async def keepalive(self) -> bool:
        """Keeps the session open while nothing else is sent. Returns as ``send_audio`` does."""
        return await self._send(KeepAliveCommand().model_dump_json())

    async def stop(self) -> None:
        """Asks for the report, which is the last of ``messages``."""
        await self._send(StopCommand().model_dump_json())

    async def messages(self) -> AsyncIterator[ServerMessage]:
        """Messages of the server, until it closes the connection normally (also because it shuts down).

        Raises ``ServerError`` for an error message, ``ClientError`` if the connection breaks or the peer is not a speaker tracker.
        """
        while True:
            try:
                message = parse_message(await self._websocket.recv())
            except ErrorReceived as error:
                raise server_error(error.message, error.code) from error
            except NotTheProtocol as error:
                raise NotASpeakerTracker(f"{self.url} is no speaker tracker: it sent {error}") from error
            except ConnectionClosed as error:
                code = None if error.rcvd is None else error.rcvd.code
                if code in {CloseCode.NORMAL, CloseCode.GOING_AWAY}:
                    return
                raise ConnectionLost(f"{self.url} broke the connection off{_reason(error)}", code) from error
            if message is not None:
                yield message

    async def close(self) -> None:
        """Closes the connection within moments; a session under way is abandoned. Safe to cancel."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await self._websocket.close(CloseCode.GOING_AWAY)
        finally:
            self._websocket.transport.abort()

    async def _send(self, data: str | bytes) -> bool:
        try:
            await self._websocket.send(data)
        except ConnectionClosed:
            return False
        return True


def _reason(error: ConnectionClosed) -> str:
    if error.rcvd is None:
        return ""
    return f" with close code {error.rcvd.code}" + (f" ({error.rcvd.reason})" if error.rcvd.reason else "")


async def open_connection(url: str, token: str | None, patience_seconds: float) -> TrackerConnection:
    """An open connection, to be closed by the caller. Raises ``ClientError``.

    ``patience_seconds``: how long a server may neither acknowledge nor accept data before the connection counts as lost (on systems
    that support this, such as Linux; elsewhere it takes a quarter of an hour).
    """
    websocket = await _open(url, token)
    connected: socket.socket | None = websocket.transport.get_extra_info("socket")
    if connected is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        milliseconds = max(1, int(min(patience_seconds * 1000, 2**31 - 1)))
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
    return TrackerConnection(redacted(url), websocket)


async def _open(url: str, token: str | None) -> ClientConnection:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        # Pings are sent, but their answers are not awaited: a server with a long queue of audio answers them late.
        return await websockets.connect(
            url,
            additional_headers=headers,
            compression=None,
            open_timeout=OPEN_TIMEOUT,
            ping_timeout=None,
            max_size=None,
            proxy=None if is_loopback(url) else True,
        )
    except (WebSocketException, OSError, ValueError) as error:
        raise refusal(url, error) from error
