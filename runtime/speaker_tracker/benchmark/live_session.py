"""A client's session: sends audio at a pace, and notes when which message came."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

from speaker_tracker.benchmark.delays import SessionDelays
from speaker_tracker.benchmark.recordings import LoopedAudio
from speaker_tracker.protocol import CloseCode, ErrorCode


class SessionState(Enum):
    """``OPENING``: until the server has begun the session. ``REFUSED``: it had no room. ``FAILED``: ended in another way."""

    OPENING = auto()
    STREAMING = auto()
    DONE = auto()
    REFUSED = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class Pace:
    """``frame_ms``: length of a frame. ``speed``: times real time. ``frames``: after as many the session stops; None: never.

    ``patient``: whether frames wait while the server does not read, so that ``speed`` is a limit; otherwise they pile up on the
    client's side, as live audio does.
    """

    frame_ms: int
    speed: float = 1.0
    frames: int | None = None
    patient: bool = False

    @property
    def seconds(self) -> float:
        """Time between two frames."""
        return self.frame_ms / 1000 / self.speed


class LiveSession(asyncio.Protocol):
    """One session over a socket, without compression and with little work of the client's own.

    ``start``: sample of the audio that it begins with. ``phase``: share of a frame's time, 0 to 1, by which the first one waits.
    ``on_news``: called when ``state`` changes.
    """

    def __init__(  # noqa: PLR0913 - a session in full
        self,
        url: str,
        num_speakers: int,
        audio: LoopedAudio,
        pace: Pace,
        *,
        start: int,
        phase: float,
        on_news: Callable[[], object],
    ) -> None:
        self.delays = SessionDelays(pace.frame_ms)
        self.state = SessionState.OPENING
        self.failure = ""
        """Why it failed, in a few words."""
        self.lateness: list[tuple[float, float]] = []
        """Of each frame, when it was sent and by how many seconds that was later than it was due."""
        self._websocket = ClientProtocol(parse_uri(url), max_size=None)
        self._num_speakers = num_speakers
        self._audio = audio
        self._pace = pace
        self._start = start
        self._phase = phase
        self._on_news = on_news
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._held_up = False

    def leave(self) -> None:
        """Drops the connection, as a client that is gone."""
        self._stop_sending()
        if self._transport is not None:
            self._transport.abort()

    def fail(self, why: str) -> None:
        """Counts the session as failed. ``why``: in a few words."""
        self.failure = why
        self._become(SessionState.FAILED)

    # -- asyncio's calls ---------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins the handshake."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what TCP has
        self._transport = transport
        self._websocket.send_request(self._websocket.connect())
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Takes in what the server sent."""
        self._websocket.receive_data(data)
        for event in self._websocket.events_received():
            if isinstance(event, Response):
                self._shook_hands()
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._told(json.loads(bytes(event.data)))
        self._flush()

    def eof_received(self) -> None:
        """Lets the connection close."""
        self._websocket.receive_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        """Notes how the session ended."""
        self._stop_sending()
        if self.state not in {SessionState.OPENING, SessionState.STREAMING}:
            return
        code = self._websocket.close_code
        if code == CloseCode.TRY_AGAIN_LATER:
            self._become(SessionState.REFUSED)
        else:
            self.fail(f"the connection was lost ({exc or f'closed with {code}'})")

    def pause_writing(self) -> None:
        """Holds frames up where the pace is patient."""
        self._held_up = self._pace.patient

    def resume_writing(self) -> None:
        """Goes on, one frame's time from now."""
        if self._held_up:
            self._held_up = False
            self._schedule(self._loop.time())

    # -- the session -------------------------------------------------------------------------------------------------------------

    def _shook_hands(self) -> None:
        error = self._websocket.handshake_exc
        if error is None:
            self._send_text({"action": "start", "num_speakers": self._num_speakers, "timeline": True})
        elif isinstance(error, InvalidStatus) and error.response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            self._become(SessionState.REFUSED)
        else:
            self.fail(f"the handshake failed: {error}")

    def _told(self, message: dict[str, Any]) -> None:
        match message.get("event"):
            case "timeline":
                self.delays.received(message["audioMs"], self._loop.time())
            case "started":
                self._become(SessionState.STREAMING)
                self._schedule(self._loop.time() + self._phase * self._pace.seconds)
            case "report":
                self._become(SessionState.DONE)
            case "error" if message.get("code") == ErrorCode.SERVER_BUSY:
                self._become(SessionState.REFUSED)
            case "error":
                self.fail(f"{message.get('code')}: {message.get('message')}")

    def _schedule(self, due: float) -> None:
        self._due = due
        self._timer = self._loop.call_at(due, self._send_frame)

    def _send_frame(self) -> None:
        if self._pace.frames is not None and self.delays.frames >= self._pace.frames:
            self._send_text({"action": "stop"})
            return
        if self._websocket.state is not State.OPEN:
            return
        now = self._loop.time()
        self.lateness.append((now, now - self._due))
        self._websocket.send_binary(self._audio.frame(self._start, self.delays.frames))
        self.delays.sent(now)
        self._flush()
        if not self._held_up:
            self._schedule(self._due + self._pace.seconds)

    def _send_text(self, message: dict[str, Any]) -> None:
        if self._websocket.state is not State.OPEN:  # the server has closed it, with what was just received
            return
        self._websocket.send_text(json.dumps(message).encode())
        self._flush()

    def _flush(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        for data in self._websocket.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._transport.write_eof()

    def _stop_sending(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _become(self, state: SessionState) -> None:
        self.state = state
        if state is not SessionState.STREAMING:
            self._stop_sending()
        self._on_news()
