"""The path of Twilio Media Streams: a session for each track of a call, or one for all of them."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from quart import Quart, Response, Websocket, websocket

from speaker_tracker.engine.log_events import log_event
from speaker_tracker.errors import BadInput
from speaker_tracker.protocol import CLOSE_CODE_OF, CloseCode, ErrorCode, ErrorMessage
from speaker_tracker.server.adapters.twilio_call import Delivery, TwilioCall
from speaker_tracker.server.admission import Admitted, Refusal
from speaker_tracker.server.connection import Inbox
from speaker_tracker.server.protection import REALM, refused

if TYPE_CHECKING:
    from speaker_tracker.server.app import SessionServer

logger = logging.getLogger(__name__)

JOINED_BYTES = 32_000
"""Longest audio that a session is given at once: a second."""
KEEPALIVE_SHARE = 3
"""A silent session is kept open after this part of the time-out for clients that send nothing."""
END_SECONDS = 60.0
"""Time for reports after the end of a call."""


class TrackConnection:
    """Connection of one session of a call: what ``deliver`` gives is received, and what is sent goes to the call's own, if wanted.

    ``headers``, ``scope``: of the call's own connection.
    """

    def __init__(self, client: Websocket, stream: str, track: str, *, sends: bool) -> None:
        self.headers = client.headers
        self.scope = client.scope
        self.close_code: int | None = None
        self._client = client
        self._labels = {"track": track, "streamSid": stream}
        self._sends = sends
        self._inbox = Inbox(JOINED_BYTES)

    async def deliver(self, frame: str | bytes, session: asyncio.Task[None]) -> None:
        """Hands a frame on once there is room; does nothing once ``session`` is over."""
        while self._inbox.full() and not session.done():
            await asyncio.wait({session}, timeout=0.02)
        if not session.done():
            self._inbox.put_nowait(frame)

    async def receive(self) -> str | bytes:
        """Wait for the next frame."""
        return await self._inbox.get()

    async def send(self, data: str) -> None:
        """Send a message with the track and the stream it is about; nothing where that is not wanted, or nobody is there."""
        if self._sends:
            try:
                await self._client.send(json.dumps({**json.loads(data), **self._labels}))
            except OSError:
                self._sends = False  # the report still goes to observers and stages

    async def close(self, code: int, reason: str = "") -> None:  # noqa: ARG002 - as of a connection
        """Take note of how the session ended."""
        self.close_code = code


class _Run:
    """One call from its first frame to the last report."""

    def __init__(self, server: SessionServer, client: Websocket, admitted: Admitted | None) -> None:
        self._server = server
        self._client = client
        self._admitted = admitted
        self._longest = min(JOINED_BYTES, server.settings.max_frame_bytes // 2 * 2)
        self._call = TwilioCall(server.settings.idle_timeout_seconds / KEEPALIVE_SHARE)
        self._connections: dict[str, TrackConnection] = {}
        self._sessions: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Run the call to its end, whichever way it comes."""
        code, reason = CloseCode.NORMAL.value, ""
        try:
            await self._open(await self._begin())
            await self._stream()
        except BadInput as error:
            code, reason = CLOSE_CODE_OF[error.code].value, error.code.value
            await self._refuse(error)
        finally:
            await self._end()
        codes = [each.close_code for each in self._connections.values() if each.close_code not in (None, CloseCode.NORMAL)]
        await self._client.close(codes[0] if codes and code == CloseCode.NORMAL and codes[0] else code, reason)

    async def _begin(self) -> list[Delivery]:
        """What ``start`` leads to, once it has come; until then the call waits as others do. Raises ``BadInput``."""
        too_late = BadInput(ErrorCode.START_TIMEOUT, 'no "start" came in time after the connection was opened')
        deliveries: list[Delivery] = []
        try:
            async with asyncio.timeout(self._server.settings.start_timeout_seconds):
                while self._call.started is None:
                    deliveries = self._call.receive(await self._server.waiting.first_frame(self._client))
        except TimeoutError as error:
            raise too_late from error
        except BadInput as error:
            if error.code is ErrorCode.START_TIMEOUT:
                raise too_late from error
            raise
        return deliveries

    async def _open(self, deliveries: list[Delivery]) -> None:
        """Open the sessions. Raises ``BadInput`` where the call may not have any."""
        started = self._call.started
        if started is None:
            raise RuntimeError("a call is opened once it has started")
        token_name = self._admit(started.customParameters.token)
        for track in started.sessions:
            sends = started.customParameters.results == "socket"
            connection = TrackConnection(self._client, started.streamSid, track, sends=sends)
            session_id = f"{started.streamSid}-{track}"
            self._connections[track] = connection
            self._sessions[track] = asyncio.create_task(self._server.run_session(connection, token_name, session_id))
        await self._deliver(deliveries)

    def _admit(self, token: str | None) -> str | None:
        """The name of the token by which the call is let in. Raises ``BadInput`` where a token is needed and this is none."""
        if self._admitted is not None:
            return self._admitted.token_name
        decision = self._server.admission.decide(
            origin=self._client.headers.get("Origin"), authorization=f"Bearer {token}" if token else None
        )
        if isinstance(decision, Refusal):
            self._server.observers.refused(decision.reason)
            raise BadInput(
                ErrorCode.INVALID_MESSAGE,
                'a valid token is needed; give it as <Parameter name="token" value="..."/> of the <Stream>',
            )
        return decision.token_name

    async def _stream(self) -> None:
        """Hand frames on until the call or all its sessions have ended. Raises ``BadInput``."""
        sessions = asyncio.gather(*self._sessions.values(), return_exceptions=True)
        receiving: asyncio.Future[str | bytes] | None = None
        try:
            while not self._call.stopped:
                receiving = asyncio.ensure_future(self._client.receive())
                either: set[asyncio.Future[Any]] = {receiving, sessions}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                if not receiving.done():
                    return
                await self._deliver(self._call.receive(receiving.result()))
        finally:
            if receiving is not None:
                receiving.cancel()

    async def _deliver(self, deliveries: list[Delivery]) -> None:
        for each in deliveries:
            connection, session = self._connections[each.session], self._sessions[each.session]
            longest = len(each.frame) if isinstance(each.frame, str) else self._longest
            for at in range(0, len(each.frame), longest):
                await connection.deliver(each.frame[at : at + longest], session)

    async def _end(self) -> None:
        """Have all sessions end with their reports; also where the call has hung up without a word."""
        sessions = set(self._sessions.values())
        if not sessions:
            return
        with suppress(BadInput):
            await self._deliver(self._call.stop())
        _, late = await asyncio.wait(sessions, timeout=END_SECONDS)
        for session in late:
            session.cancel()
        for session in sessions - late:
            if not session.cancelled() and (error := session.exception()) is not None:
                logger.error("a session of a call failed", exc_info=error)
        if self._call.dropped:
            logger.info("twilio stream: %d chunks came too late or twice", self._call.dropped)

    async def _refuse(self, error: BadInput) -> None:
        log_event(
            logger, logging.INFO, "refused", "turned a call away: %s", error.message, reason=error.code.value, code=error.code.value
        )
        with suppress(OSError):
            await self._client.send(ErrorMessage(code=error.code, message=error.message).model_dump_json())


def add_twilio(app: Quart, server: SessionServer, path: str) -> None:
    """Have ``app`` take Twilio Media Streams at ``path``."""

    async def stream() -> Response | None:
        client: Websocket = websocket._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - how proxies are left
        decision: Any = server.admitted(client) if _shows_token(client) else _unseen(server, client)
        if isinstance(decision, Refusal):
            return refused(decision, f'Bearer realm="{REALM}"')
        with suppress(OSError):
            await client.accept()
            await _Run(server, client, decision).run()
        return None

    app.add_websocket(path, "twilio", stream)


def _shows_token(client: Websocket) -> bool:
    return "Authorization" in client.headers or "token" in client.args


def _unseen(server: SessionServer, client: Websocket) -> Admitted | Refusal | None:
    """The decision where no token was shown; None where it has to come with ``start``, as Twilio sends neither header nor query."""
    decision = server.admission.decide(origin=client.headers.get("Origin"), authorization=None)
    return None if isinstance(decision, Refusal) and decision.reason == "token" else decision
