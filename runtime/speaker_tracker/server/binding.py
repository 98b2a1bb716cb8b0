"""Hypercorn's configuration and the listening socket, made from the settings."""

from __future__ import annotations

import logging
import socket
import ssl
from pathlib import Path

from hypercorn.config import Config, Sockets

from speaker_tracker.errors import UserError
from speaker_tracker.server.paths import SESSION_PATH
from speaker_tracker.server.tls import RenewingConfig
from speaker_tracker.settings import Settings

BACKLOG = 1024
"""Maximum number of connections that wait to be accepted."""

APPLICATION_QUEUE = 2
"""Maximum number of messages that Hypercorn holds for one connection, besides the one it reads."""

CLOSING_SECONDS = 3.0
"""Time for connections without a session to end once the server stops listening."""

HANDSHAKE_SECONDS = 5.0
"""Longest time for the head of a request, and between two requests of a connection."""


class ServeError(UserError):
    """Failure to start as configured; the message is one sentence that says why and what to do."""


def hypercorn_config(settings: Settings) -> Config:
    """Hypercorn's configuration. Raises ``ServeError`` where the TLS files do not fit."""
    # Imported here, as they bring NumPy, whose libraries must know before how many threads they may start.
    from speaker_tracker.engine.commands import MAX_COMMAND_BYTES  # noqa: PLC0415
    from speaker_tracker.engine.known_voices import KnownVoiceLimits  # noqa: PLC0415

    config = RenewingConfig()
    config.bind = [f"[{settings.host}]:{settings.port}" if ":" in settings.host else f"{settings.host}:{settings.port}"]
    config.backlog = BACKLOG
    config.max_app_queue_size = APPLICATION_QUEUE
    limits = KnownVoiceLimits(settings.max_known_voices, settings.max_voice_name_length)
    config.websocket_max_message_size = max(settings.max_frame_bytes, MAX_COMMAND_BYTES + limits.max_bytes)
    config.graceful_timeout = CLOSING_SECONDS
    config.shutdown_timeout = CLOSING_SECONDS
    config.keep_alive_timeout = min(HANDSHAKE_SECONDS, settings.start_timeout_seconds)
    config.ssl_handshake_timeout = settings.start_timeout_seconds
    config.include_server_header = False
    config.alpn_protocols = ["http/1.1"]
    # Hypercorn tells on "info" what the server says itself, once for all workers.
    hypercorn_log = logging.getLogger("hypercorn.error")
    hypercorn_log.setLevel(logging.WARNING)
    config.errorlog = hypercorn_log
    # The query is left out: it may hold a token.
    config.access_log_format = ("%(h)s " if settings.log_addresses else "") + '"%(m)s %(U)s" %(s)s'
    config.accesslog = logging.getLogger("hypercorn.access") if settings.log_level == "debug" else None
    if settings.tls_cert is not None or settings.tls_key is not None:
        config.certfile, config.keyfile = _checked_tls_files(settings)
        config.keyfile_password = ""  # so that OpenSSL does not ask for one, however the file is renewed
    return config


def _checked_tls_files(settings: Settings) -> tuple[str, str]:
    if settings.tls_cert is None or settings.tls_key is None:
        missing = "SPEAKER_TRACKER_TLS_KEY" if settings.tls_key is None else "SPEAKER_TRACKER_TLS_CERT"
        raise ServeError(f"TLS needs a certificate and its key, and {missing} is not set; set both or neither")
    for file in (settings.tls_cert, settings.tls_key):
        _check_readable(file)
    try:
        # An empty password, so that OpenSSL does not ask for one on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key, password=b"")
    except (ssl.SSLError, ValueError) as error:
        raise ServeError(
            f"{settings.tls_cert} and {settings.tls_key} are no PEM certificate and its key without a password: {error}"
        ) from error
    return str(settings.tls_cert), str(settings.tls_key)


def _check_readable(file: Path) -> None:
    try:
        file.read_bytes()
    except OSError as error:
        raise ServeError(f"TLS file {file} cannot be read: {error.strerror}") from error


def bind(config: Config, settings: Settings) -> Sockets:
    """Listening sockets, to be served by one process or shared by several. Raises ``ServeError``."""
    address = f"{settings.host}:{settings.port}"
    sockets: Sockets | None = None
    try:
        sockets = config.create_sockets()
        for listening in (*sockets.secure_sockets, *sockets.insecure_sockets):
            _give_up_on_dead_peers(listening, settings.idle_timeout_seconds)
            listening.listen(config.backlog)
    except (OSError, OverflowError, UnicodeError) as error:
        if sockets is not None:
            close(sockets)
        reason = getattr(error, "strerror", None) or str(error)
        raise ServeError(
            f"cannot listen on {address}: {reason}; choose another with SPEAKER_TRACKER_HOST and SPEAKER_TRACKER_PORT"
        ) from error
    return sockets


def close(sockets: Sockets) -> None:
    """Close the listening sockets."""
    for listening in (*sockets.secure_sockets, *sockets.insecure_sockets, *sockets.quic_sockets):
        listening.close()


def _give_up_on_dead_peers(listening: socket.socket, seconds: float) -> None:
    """Have accepted connections end when a client neither acknowledges data nor makes room for it for ``seconds`` (RFC 5482)."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        milliseconds = max(1, min(int(seconds * 1000), 2**31 - 1))
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)


def url(sockets: Sockets) -> str:
    """Address for clients, such as ``ws://127.0.0.1:8000/ws/session``."""
    secure = bool(sockets.secure_sockets)
    listening = (sockets.secure_sockets or sockets.insecure_sockets)[0]
    host, port = listening.getsockname()[:2]
    return f"{'wss' if secure else 'ws'}://{f'[{host}]' if ':' in host else host}:{port}{SESSION_PATH}"
