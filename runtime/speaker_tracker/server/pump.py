"""Transport of one session: frames of the client in, messages to the client out, time-outs and shutdown in between."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

from speaker_tracker.engine.log_events import event_extra, log_event
from speaker_tracker.engine.rounds import RoundStuck
from speaker_tracker.engine.session import Session, SessionState
from speaker_tracker.engine.session_io import (
    BytesReceived,
    Close,
    Fetch,
    IdleTimedOut,
    Input,
    Keep,
    LimitExceeded,
    Output,
    Send,
    SessionFetched,
    ShutdownRequested,
    TakenOver,
    TextReceived,
)
from speaker_tracker.errors import BadInput
from speaker_tracker.observer import Observer
from speaker_tracker.protocol import (
    BYTES_PER_SECOND,
    CLOSE_CODE_OF,
    CloseCode,
    ErrorCode,
    ErrorMessage,
    ResumedMessage,
    ServerMessage,
    StartedMessage,
)
from speaker_tracker.server.keeping.keeper import HeldSession, SessionKeeper
from speaker_tracker.server.keeping.store import StoreUnavailable
from speaker_tracker.server.registry import SessionRegistry
from speaker_tracker.server.steps import Lane, StepRunner

logger = logging.getLogger(__name__)

CANCELLED = "cancelled"
GOES_ON = frozenset({ErrorCode.SHUTTING_DOWN.value, ErrorCode.SESSION_TAKEN_OVER.value, ErrorCode.SESSION_INCOMPATIBLE.value})
"""Reasons of a close after which another connection may go on with the session."""


class Connection(Protocol):
    """Connection to a client; ``send`` and ``close`` wait while the client does not read and raise ``OSError`` once it is gone.

    The task is cancelled when the client closes.
    """

    def receive(self) -> Coroutine[Any, Any, str | bytes]:
        """Wait for the next frame."""
        ...

    async def send(self, data: str) -> None:
        """Send a text frame."""
        ...

    async def close(self, code: int, reason: str = "") -> None:
        """Send a close frame."""
        ...


class ClientGone(Exception):
    """Loss of the client: it is gone, or has read nothing for so long that it must be."""


class SessionPump:
    """Runner of ``session`` over ``connection`` until either ends.

    ``patience_seconds``: limit for the time in which the client sends nothing, and for that in which it reads nothing. ``observer``
    hears of the session's start, audio and end. ``keeper``: keeps the session if its client wants to be able to resume it.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what a session needs of its server
        self,
        session: Session,
        connection: Connection,
        steps: StepRunner,
        registry: SessionRegistry,
        patience_seconds: float,
        observer: Observer | None = None,
        keeper: SessionKeeper | None = None,
    ) -> None:
        self._session = session
        self._connection = connection
        self._steps = steps
        self._registry = registry
        self._patience_seconds = patience_seconds
        self._observer = observer or Observer()
        self._audio_bytes = 0
        self._ended = CANCELLED
        self._close_code: int | None = None
        self._waiting: asyncio.Timeout | None = None
        self._keeper = keeper
        self._held: HeldSession | None = None
        self._fetched: SessionFetched | None = None
        self._taken_over = False

    async def run(self) -> None:
        """Run the session to its end, whichever way it comes, and release what it held."""
        sessions, begin = len(self._registry), time.monotonic()
        self._log(logging.INFO, "opened", f"opened, {sessions} open", sessions=sessions)
        self._observer.session_opened()
        try:
            with self._registry.told_of_shutdown(self._stop_waiting), self._steps.lane() as lane:
                while self._session.state is not SessionState.CLOSED:
                    await self._work(lane, await self._next_input())
        except ClientGone as gone:
            self._ended = str(gone)
        except asyncio.CancelledError:
            self._session.abandon()
            if not self._registry.grace_is_over:
                if self._ended == CANCELLED:  # else it was being closed, and the client's answer was quicker than our own server's
                    self._ended = "client left"
                raise
            await self._cut_off()
        except Exception:
            # The last resort of one session: others go on, and the client is told.
            logger.exception("session %s: failed", self._session.session_id, extra=event_extra("failed"))
            await self._apologise()
        finally:
            self._session.abandon()
            if self._held is not None:
                self._held.let_go()
            self._observer.session_ended()
            seconds = self._audio_bytes / BYTES_PER_SECOND
            self._log(
                logging.INFO,
                "ended",
                f"ended ({self._ended}) after {seconds:.1f} s of audio",
                reason=self._ended,
                close_code=self._close_code,
                audio_seconds=round(seconds, 3),
                seconds=round(time.monotonic() - begin, 3),
            )

    def _log(self, level: int, event: str, message: str, **fields: object) -> None:
        log_event(logger, level, event, "session %s: %s", self._session.session_id, message, **fields)

    async def _next_input(self) -> Input:
        if self._fetched is not None:
            fetched, self._fetched = self._fetched, None
            return fetched
        if (interruption := self._interruption()) is not None:
            return interruption
        try:
            async with asyncio.timeout(self._patience_seconds) as self._waiting:
                data = await self._connection.receive()
        except BadInput as error:
            return LimitExceeded(error)
        except TimeoutError:
            return self._interruption() or IdleTimedOut(self._patience_seconds)
        finally:
            self._waiting = None
        return TextReceived(data) if isinstance(data, str) else BytesReceived(data)

    def _interruption(self) -> Input | None:
        """What ends the session from outside, if anything does."""
        if self._taken_over:
            return TakenOver()
        return ShutdownRequested() if self._registry.draining.is_set() else None

    def _stop_waiting(self) -> None:
        """Have ``_next_input`` see that the server is about to end, or that the session is another connection's."""
        if self._waiting is not None and not self._waiting.expired():
            self._waiting.reschedule(asyncio.get_running_loop().time())

    async def _work(self, lane: Lane, received: Input) -> None:
        begin = time.perf_counter()
        audio_bytes = 0
        if isinstance(received, BytesReceived) and self._session.state is SessionState.STREAMING:
            audio_bytes = len(received.data)
            self._audio_bytes += audio_bytes
        work = self._session.steps(received)
        audio_seconds = min(audio_bytes / BYTES_PER_SECOND, 1.0)  # of a step, which takes no more than a second
        ended = False
        while not ended:
            try:
                step = await lane.step(work, at_once=not audio_bytes, audio_seconds=audio_seconds)
                outputs, ended = step.output, step.last
            except RoundStuck as stuck:
                outputs, ended = self._session.give_up(f"{stuck}; this session is over"), True
            for output in outputs:
                await self._put_out(output)
        if audio_bytes and self._session.state is SessionState.STREAMING:  # else the frame was refused
            self._observer.audio_handled(audio_bytes / BYTES_PER_SECOND, time.perf_counter() - begin)

    async def _put_out(self, output: Output) -> None:
        match output:
            case Send():
                await self._send(output.message)
            case Keep():
                await self._keep(output)
            case Fetch():
                await self._fetch(output.token)
            case Close():
                self._close_code = output.code.value
                await self._forget_unless_it_goes_on(output.reason)
                self._ended = f"closed with {output.code.value}{' ' + output.reason if output.reason else ''}"
                await self._close(output.code, output.reason)

    # -- keeping the session -----------------------------------------------------------------------------------------------------

    async def _keep(self, keep: Keep) -> None:
        if keep.token is not None and self._keeper is not None:
            self._held = await self._keeper.create(keep.token, keep.data, self._lose)
            if self._held is None:
                self._session.keep_no_more()
        elif self._held is not None:
            self._held.keep(keep.data, partial(self._session.kept, keep.position))

    async def _fetch(self, token: str) -> None:
        if self._keeper is None:
            raise RuntimeError("a session asked for what was kept, and nothing is")
        try:
            claimed = await self._keeper.claim(token, self._lose)
        except StoreUnavailable:
            self._fetched = SessionFetched(None, is_unavailable=True)
            return
        data = None
        if claimed is not None:
            self._held, data = claimed
        self._fetched = SessionFetched(data)

    def _lose(self) -> None:
        self._taken_over = True
        self._stop_waiting()

    async def _forget_unless_it_goes_on(self, reason: str) -> None:
        if self._held is not None and reason not in GOES_ON:
            await self._held.forget()

    # -- sending -----------------------------------------------------------------------------------------------------------------

    async def _send(self, message: ServerMessage) -> None:
        if isinstance(message, StartedMessage) and self._held is None:
            message = message.model_copy(update={"session": None})  # what could not be kept cannot be resumed
        if isinstance(message, ResumedMessage):
            text = f"resumed at {message.audioMs} ms"
            self._log(logging.INFO, "resumed", text, resumed=self._session.session_id, audio_ms=message.audioMs)
        if isinstance(message, ErrorMessage):
            self._observer.failed(message.code.value)
            close_code = CLOSE_CODE_OF[message.code].value
            self._log(logging.INFO, "error", f"error {message.code.value}", code=message.code.value, close_code=close_code)
        try:
            async with asyncio.timeout(self._patience_seconds):
                await self._connection.send(message.model_dump_json())
        except TimeoutError as error:
            raise ClientGone(f"client read nothing for {self._patience_seconds:g} s") from error
        except OSError as error:
            raise ClientGone("client left") from error

    async def _close(self, code: CloseCode, reason: str) -> None:
        try:
            async with asyncio.timeout(self._patience_seconds):
                await self._connection.close(code, reason)
        except (TimeoutError, OSError) as error:
            raise ClientGone("client left before it was closed") from error

    async def _cut_off(self) -> None:
        self._ended = "cut off at shutdown, its time for a report was over"
        with suppress(ClientGone):
            await self._close(CloseCode.GOING_AWAY, "server is shutting down")

    async def _apologise(self) -> None:
        self._ended = f"closed with {CloseCode.INTERNAL_ERROR.value}"
        with suppress(ClientGone):
            await self._send(ErrorMessage(code=ErrorCode.STAGE_FAILED, message="the server failed; this session is over"))
            await self._close(CloseCode.INTERNAL_ERROR, "")
