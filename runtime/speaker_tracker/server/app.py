"""Quart application: the WebSocket ``/ws/session``, ``GET /health``, ``GET /asyncapi.yaml``, and the page."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

from quart import Quart, Response, Websocket, request, websocket

from speaker_tracker import __version__
from speaker_tracker.engine.chain import Chain
from speaker_tracker.engine.cores import usable_cores
from speaker_tracker.engine.known_voices import KnownVoiceLimits
from speaker_tracker.engine.log_events import LogContext, current_context, event_extra, log_event, logged_for
from speaker_tracker.engine.observers import ObserverConfigurationError, Observers
from speaker_tracker.engine.pipeline import Pipeline
from speaker_tracker.engine.session import Keeping, Session, SessionLimits
from speaker_tracker.errors import BadInput
from speaker_tracker.observer import Endpoint
from speaker_tracker.protocol import CLOSE_CODE_OF, ErrorCode, ErrorMessage
from speaker_tracker.server.adapters.twilio_route import TrackConnection, add_twilio
from speaker_tracker.server.address_table import AddressLimit, AddressTable
from speaker_tracker.server.admission import Admission, Admitted, Refusal
from speaker_tracker.server.asyncapi import add_asyncapi
from speaker_tracker.server.client_address import client_address
from speaker_tracker.server.connection import (
    HELD_AUDIO,
    MAX_FRAME_BYTES,
    MAX_MESSAGES_PER_SECOND,
    PACE,
    TEXT_AUDIO_PATH,
    BoundedWebsocketConnection,
    StartedConnection,
)
from speaker_tracker.server.credentials import BEARER
from speaker_tracker.server.held_audio import HeldAudio
from speaker_tracker.server.keeping.keeper import SessionKeeper
from speaker_tracker.server.keeping.opening import open_seal, open_store
from speaker_tracker.server.message_rate import Pace
from speaker_tracker.server.overload import NEWCOMERS_PER_CORE, Overload
from speaker_tracker.server.paths import ASYNCAPI_PATH, HEALTH_PATH, READY_PATH, SESSION_PATH
from speaker_tracker.server.protection import OBSERVER_ENDPOINT, REALM, protect, refused
from speaker_tracker.server.pump import SessionPump
from speaker_tracker.server.registry import SessionRegistry
from speaker_tracker.server.starting import RETRY_SECONDS
from speaker_tracker.server.steps import StepRunner
from speaker_tracker.server.trace_context import trace_of
from speaker_tracker.server.waiting_room import WaitingRoom
from speaker_tracker.server.web import is_page_path, web_page
from speaker_tracker.server.worker_table import WorkerRow
from speaker_tracker.settings import PREFIX, Settings, SettingsError
from speaker_tracker.stage import SessionInfo

logger = logging.getLogger(__name__)

OWN_PATHS = frozenset({HEALTH_PATH, READY_PATH, SESSION_PATH, ASYNCAPI_PATH})
PLAIN_PATH = re.compile(r"/[A-Za-z0-9._~/-]*")
COUNTERS_SECONDS = 1.0
"""Time between two reports of the totals of stages to observers."""
OPTIONS = ("timeline", "others", "confidence", "hints", "voiceprints")
"""Options of ``start`` that the log tells of a session."""
MAX_REQUEST_BYTES = 1 << 16
"""Limit for the body of a request: no request but the handshake has anything to say."""


class SessionServer:
    """State that the application's handlers share; one for each process.

    ``row``: figures that this process shares with the others of the server. ``shared_folder``: a folder that it shares with them.
    Raises ``SettingsError`` where tokens cannot be checked, or sessions not kept, as they should be.
    """

    def __init__(
        self,
        settings: Settings,
        chain: Chain,
        observers: Observers,
        row: WorkerRow | None = None,
        shared_folder: Path | None = None,
    ) -> None:
        self.settings = settings
        self.chain = chain
        self.observers = observers
        self.admission = Admission(settings, shared_folder)
        self.registry = SessionRegistry(settings.max_sessions, row)
        self.waiting = WaitingRoom(self.registry, settings.max_waiting_connections, settings.start_timeout_seconds)
        self.addresses = _addresses(settings, row)
        self.held_audio = HeldAudio(settings.max_held_audio_mb << 20)
        self.overload = Overload(settings.max_lag_ms / 1000, NEWCOMERS_PER_CORE * usable_cores())
        self.steps = StepRunner(
            cpu_heavy=chain.cpu_heavy,
            threads=settings.worker_threads,
            processes=settings.workers,
            gather_seconds=settings.batch_wait_ms / 1000,
            stuck_seconds=settings.stage_timeout_seconds,
            note_lag=self.overload.note,
        )
        self.limits = SessionLimits(
            settings.max_frame_bytes,
            settings.max_session_seconds,
            KnownVoiceLimits(settings.max_known_voices, settings.max_voice_name_length),
        )
        self.voice_model = chain.voice_model if settings.known_voices else None
        self.keeper = _keeper(settings, chain, shared_folder if row is not None and settings.workers > 1 else None)

    def health(self) -> tuple[dict[str, Any], HTTPStatus]:
        """Body and status of ``/health``; sessions are counted in all processes, what stages count in this one."""
        draining = self.registry.draining.is_set()
        body: dict[str, Any] = {
            "status": "draining" if draining else "ok",
            "version": __version__,
            "sessions": self.registry.total,
            "max_sessions": self.registry.limit,
            "stages": [stage.name for stage in self.chain.configured],
            "models": self.chain.info,
        }
        if counters := self.chain.counters:
            body["counters"] = counters
        return body, HTTPStatus.SERVICE_UNAVAILABLE if draining else HTTPStatus.OK

    def readiness(self) -> tuple[dict[str, str], HTTPStatus, dict[str, str]]:
        """Body, status and headers of ``/health/ready``."""
        if self.registry.draining.is_set():
            return {"status": "draining"}, HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": str(RETRY_SECONDS)}
        return {"status": "ok"}, HTTPStatus.OK, {}

    def admitted(self, client: Websocket) -> Admitted | Refusal:
        """Whether ``client`` may connect."""
        decision = self.admission.decide(
            origin=client.headers.get("Origin"),
            authorization=client.headers.get("Authorization"),
            token_parameters=client.args.getlist("token"),
            subprotocols=client.requested_subprotocols,
        )
        if isinstance(decision, Refusal):
            self.observers.refused(decision.reason)
            text = "turned a client away at the handshake, for its %s"
            log_event(logger, logging.INFO, "refused", text, decision.reason, reason=decision.reason, status=int(decision.status))
        return decision

    async def run_session(
        self, client: Websocket | TrackConnection, token_name: str | None = None, session_id: str | None = None
    ) -> None:
        """Run one session to its end, or tell the client why there is none now. ``token_name``: for the log.

        ``session_id``: what it is called in logs and to stages; None: a name of its own.

        It has no place among the sessions before its first message; one who could not have a place is told so before.
        """
        address = client_address(_peer(client), client.headers.getlist("X-Forwarded-For"), self.settings.trusted_hops)
        trace_id, span_id = trace_of(client.headers.get("traceparent"))
        session_id = session_id or secrets.token_hex(6)
        told = address if self.settings.log_addresses else ""
        with logged_for(LogContext(session_id, trace_id, span_id, told, token_name or "")):
            refusal = self.registry.refusal or self._busy(let_in=False)
            if refusal is None:
                try:
                    first = await self.waiting.first_frame(client)
                except BadInput as error:
                    refusal = ErrorMessage(code=error.code, message=error.message)
                else:
                    refusal = await self._run_in_place(session_id, StartedConnection(client, first), address)
            if refusal is not None:
                self.observers.refused(refusal.code.value)
                await _send_and_close(client, refusal)

    def _busy(self, *, let_in: bool) -> ErrorMessage | None:
        if self.held_audio.is_full:
            return ErrorMessage(
                code=ErrorCode.SERVER_BUSY, message="the server has more audio than it can hold; connect again later"
            )
        return self.overload.refusal(let_in=let_in)

    async def _run_in_place(self, session_id: str, client: StartedConnection, address: str) -> ErrorMessage | None:
        """Run the session if there is a place for it; else the error message for its client."""
        with self.registry.place() as full:
            if full is not None:
                return full
            with self.addresses.place(address) as too_many:
                if (refusal := too_many or self._busy(let_in=True)) is not None:
                    return refusal
                begin = time.monotonic()
                try:
                    await self._run_session(session_id, client)
                finally:
                    self.overload.ended(time.monotonic() - begin)
        return None

    async def _run_session(self, session_id: str, client: StartedConnection) -> None:
        keeping = None if self.keeper is None else self.keeper.keeping
        session = Session(session_id, self._open_pipeline, self.limits, self.voice_model, keeping)
        if token_name := current_context().token:
            logger.info("session %s: let in by the token %r", session_id, token_name, extra=event_extra("admitted"))
        patience = self.settings.idle_timeout_seconds
        await SessionPump(session, client, self.steps, self.registry, patience, self.observers, self.keeper).run()

    def _open_pipeline(self, info: SessionInfo) -> Pipeline:
        pipeline = self.chain.open(info, on_stage_time=self.observers.stage_took if self.observers else None)
        options = [name for name in OPTIONS if getattr(info, name)]
        log_event(
            logger,
            logging.INFO,
            "started",
            "session %s: started with %d speakers%s",
            info.session_id,
            info.num_speakers,
            "".join(f", {option}" for option in options),
            num_speakers=info.num_speakers,
            options=options,
            known_voices=len(info.known_voices),
        )
        return pipeline

    async def tell_counters(self) -> None:
        """Report the totals of stages to observers every ``COUNTERS_SECONDS``."""
        while True:
            for stage, totals in self.chain.counters.items():
                for what, total in totals.items():
                    self.observers.stage_counted(stage, what, total)
            await asyncio.sleep(COUNTERS_SECONDS)


def _addresses(settings: Settings, row: WorkerRow | None) -> AddressLimit:
    if not settings.max_sessions_per_address:
        return AddressLimit(0, None)
    shared = None if row is None else row.addresses
    return AddressLimit(settings.max_sessions_per_address, shared or AddressTable(1, settings.max_sessions).row(0))


def _peer(client: Websocket | TrackConnection) -> str | None:
    peer = client.scope.get("client")
    return None if peer is None else peer[0]


def _keeper(settings: Settings, chain: Chain, shared_folder: Path | None) -> SessionKeeper | None:
    """What keeps sessions that can be resumed; None where there is no store, or the chain tells of no time."""
    store = open_store(settings, shared_folder) if chain.keeps_time else None
    if store is None:
        return None
    keeping = Keeping(chain.fingerprint, settings.checkpoint_seconds, store.outlives_server)
    return SessionKeeper(store, keeping, settings.resume_seconds, open_seal(settings))


async def _send_and_close(client: Websocket | TrackConnection, error: ErrorMessage) -> None:
    code, close_code = error.code.value, CLOSE_CODE_OF[error.code].value
    log_event(
        logger, logging.INFO, "refused", "turned a client away: %s", error.message, reason=code, code=code, close_code=close_code
    )
    await client.send(error.model_dump_json())
    await client.close(CLOSE_CODE_OF[error.code], error.code.value)


def create_app(
    settings: Settings,
    chain: Chain,
    observers: Observers | None = None,
    row: WorkerRow | None = None,
    shared_folder: Path | None = None,
) -> Quart:
    """Application that opens sessions of ``chain``; ``session_server`` gives what a shutdown needs of it.

    ``observers`` have been told that the process has started. ``row``, ``shared_folder``: as for ``SessionServer``. Raises
    ``ObserverConfigurationError`` where an observer wants to answer a path that is taken or none, and ``SettingsError`` where
    tokens cannot be checked, or sessions not kept, as they should be.
    """
    app = Quart(__name__, static_folder=None)
    app.asgi_websocket_class = BoundedWebsocketConnection
    app.config["MAX_CONTENT_LENGTH"] = MAX_REQUEST_BYTES
    app.config[MAX_FRAME_BYTES] = settings.max_frame_bytes
    app.config[MAX_MESSAGES_PER_SECOND] = settings.max_messages_per_second
    server = SessionServer(settings, chain, observers or Observers(), row, shared_folder)
    app.extensions["speaker_tracker"] = server
    app.extensions[HELD_AUDIO] = server.held_audio
    app.extensions[PACE] = Pace(settings.max_messages_per_second)
    for path, endpoint in server.observers.endpoints().items():
        _check_path(path, page=settings.web_page)
        _add_endpoint(app, path, endpoint)
    add_asyncapi(app)
    _add_calls(app, server)
    _add_health(app, server)
    if settings.web_page:
        app.register_blueprint(web_page(settings, server.admission, server.voice_model))
    protect(app, settings, server.admission)

    @app.get(SESSION_PATH)
    async def no_websocket() -> tuple[dict[str, str], HTTPStatus, dict[str, str]]:
        message = "sessions are opened as a WebSocket, and this was a plain request"
        return {"message": message}, HTTPStatus.UPGRADE_REQUIRED, {"Upgrade": "websocket"}

    @app.websocket(SESSION_PATH)
    async def session() -> Response | None:
        client: Websocket = websocket._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - how proxies are left
        decision = server.admitted(client)
        if isinstance(decision, Refusal):
            return refused(decision, f'Bearer realm="{REALM}"')
        with suppress(OSError):  # gone before the handshake was over
            # Browsers give a connection up whose server selects none of the subprotocols that they have offered.
            await client.accept(subprotocol=BEARER if BEARER in client.requested_subprotocols else None)
            await server.run_session(client, decision.token_name)
        return None

    @app.while_serving
    async def tell_counters() -> AsyncGenerator[None, None]:
        # Not a background task of Quart's: it would wait for its end before it stops serving.
        telling = asyncio.create_task(server.tell_counters()) if server.observers else None
        yield
        if telling is not None:
            telling.cancel()

    @app.after_serving
    async def close() -> None:
        server.steps.close()
        if server.keeper is not None:
            await server.keeper.close()

    return app


def _add_calls(app: Quart, server: SessionServer) -> None:
    path = server.settings.twilio_path
    if path is None:
        return
    if path in {*OWN_PATHS, *server.observers.endpoints()} or (server.settings.web_page and is_page_path(path)):
        raise SettingsError(f"{PREFIX}TWILIO_PATH cannot be {path}, which the server answers already; give it another path")
    app.config[TEXT_AUDIO_PATH] = path
    add_twilio(app, server, path)


def _add_health(app: Quart, server: SessionServer) -> None:
    @app.get(HEALTH_PATH)
    async def health() -> tuple[dict[str, Any], HTTPStatus]:
        return server.health()

    @app.get(READY_PATH)
    async def ready() -> tuple[dict[str, str], HTTPStatus, dict[str, str]]:
        return server.readiness()


def _check_path(path: str, *, page: bool) -> None:
    if path in OWN_PATHS or (page and is_page_path(path)):
        raise ObserverConfigurationError(f"an observer cannot answer {path}, which the server does itself; give it another path")
    if not PLAIN_PATH.fullmatch(path):
        raise ObserverConfigurationError(
            f"an observer cannot answer {path!r}; a path begins with a slash and has letters, digits and any of ._~/- behind it"
        )


def _add_endpoint(app: Quart, path: str, endpoint: Endpoint) -> None:
    async def answer() -> Response:
        given = await endpoint(request.headers.get("Accept", ""))
        return Response(given.body, content_type=given.content_type)

    app.add_url_rule(path, endpoint=f"{OBSERVER_ENDPOINT}{path}", view_func=answer)


def session_server(app: Quart) -> SessionServer:
    """State that ``create_app`` has put into ``app``."""
    server: SessionServer = app.extensions["speaker_tracker"]
    return server
