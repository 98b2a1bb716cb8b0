"""One connection to a server, speaking its protocol."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

import websockets
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI, WebSocketException

from speaker_tracker.client.messages import ErrorReceived, NotTheProtocol, parse_message
from speaker_tracker.errors import UserError
from speaker_tracker.protocol import DEFAULT_SPEAKERS, ServerMessage, StartCommand, StartedMessage, StopCommand

DEFAULT_URL = "ws://127.0.0.1:8000/ws/session"
OPEN_TIMEOUT = 10.0
NORMAL_CLOSE = 1000
GOING_AWAY = 1001


class ClientError(UserError):
    """The server cannot be reached, is none, or broke the connection off; the message names its address."""


class ServerError(ClientError):
    """The server answered with an error message. ``code``: its stable word."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class TrackerConnection:
    """An open connection; made by ``connect``. ``start`` first, then ``send_audio`` and ``messages`` side by side."""

    def __init__(self, url: str, websocket: ClientConnection) -> None:
        self.url = url
        self._websocket = websocket

    @property
    def server_went_away(self) -> bool:
        """The server closed the connection because it shuts down; a report then covers the audio that it had by then."""
        return self._websocket.close_code == GOING_AWAY

    async def start(self, num_speakers: int = DEFAULT_SPEAKERS, *, timeline: bool = True) -> None:
        """Opens the session and waits until the server says that it is started.

        Raises ``ClientError``, and ``ValueError`` where ``num_speakers`` is not 1 to 5.
        """
        await self._send(StartCommand(num_speakers=num_speakers, timeline=timeline).model_dump_json())
        async for message in self.messages():
            if isinstance(message, StartedMessage):
                return
        raise ClientError(f"{self.url} closed the connection instead of starting a session")

    async def send_audio(self, pcm: bytes) -> None:
        """Sends PCM (16 kHz, signed 16-bit little-endian, mono; whole samples); waits while the server does not keep up.

        On a connection that is closed it does nothing: ``messages`` tells why.
        """
        await self._send(pcm)

    async def stop(self) -> None:
        """Asks for the report, which comes as the last of ``messages``."""
        await self._send(StopCommand().model_dump_json())

    async def messages(self) -> AsyncIterator[ServerMessage]:
        """What the server sends, until it closes the connection in good order (also because it shuts down).

        Raises ``ServerError`` for an error message, ``ClientError`` where the connection breaks or no speaker tracker answers.
        """
        while True:
            try:
                message = parse_message(await self._websocket.recv())
            except ErrorReceived as error:
                raise ServerError(f"the server says: {error.message}", error.code) from error
            except NotTheProtocol as error:
                raise ClientError(f"{self.url} is no speaker tracker: it sent {error}") from error
            except ConnectionClosed as error:
                if error.rcvd is not None and error.rcvd.code in (NORMAL_CLOSE, GOING_AWAY):
                    return
                raise ClientError(f"{self.url} broke the connection off{_reason(error)}") from error
            if message is not None:
                yield message

    async def _send(self, data: str | bytes) -> None:
        with suppress(ConnectionClosed):
            await self._websocket.send(data)


def _reason(error: ConnectionClosed) -> str:
    if error.rcvd is None:
        return ""
    return f" with close code {error.rcvd.code}" + (f" ({error.rcvd.reason})" if error.rcvd.reason else "")


@asynccontextmanager
async def connect(url: str = DEFAULT_URL, *, token: str | None = None) -> AsyncIterator[TrackerConnection]:
    """Connects to a server; the connection is closed at the end of the block.

    ``url``: ``ws://`` or ``wss://``, with the path ``/ws/session``. ``token``: sent as bearer token. Raises ``ClientError``.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        # Pings are sent but not waited for: a server that works off a long queue of audio answers them late.
        websocket = await websockets.connect(
            url,
            additional_headers=headers,
            compression=None,
            open_timeout=OPEN_TIMEOUT,
            ping_timeout=None,
            max_size=None,
            proxy=None if _is_loopback(url) else True,
        )
    except (WebSocketException, OSError, ValueError) as error:
        raise ClientError(_refusal(url, error)) from error
    async with websocket:
        yield TrackerConnection(url, websocket)


def _is_loopback(url: str) -> bool:
    with suppress(ValueError):
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    return False


def _refusal(url: str, error: Exception) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return (
                f"the certificate of {url} is not trusted: {error.verify_message}; if it is your own, name its file in the "
                f"environment variable SSL_CERT_FILE"
            )
        case InvalidURI() | ValueError():
            return f"{url!r} is no WebSocket address; it must look like {DEFAULT_URL}"
        case InvalidStatus():
            return _http_refusal(url, error.response.status_code)
        case InvalidHandshake():
            return f"{url} is no speaker tracker: it does not accept WebSocket connections ({_text(error)})"
        case TimeoutError():
            return f"{url} did not answer within {OPEN_TIMEOUT:g} s"
        case _:
            return f"{url} cannot be reached: {_text(error)}; is the server running?"


def _http_refusal(url: str, status: int) -> str:
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return f"{url} wants a valid token (HTTP 401); give it with --token"
        case HTTPStatus.FORBIDDEN:
            return f"{url} refuses this client (HTTP 403)"
        case HTTPStatus.NOT_FOUND:
            return f"{url} is not there (HTTP 404); the path of a speaker tracker is /ws/session"
        case HTTPStatus.SERVICE_UNAVAILABLE:
            return f"{url} takes no more sessions now (HTTP 503); try again later"
    return f"{url} answered HTTP {status} instead of opening a session"


def _text(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
