"""Translates failures to connect into errors with a sentence for people."""

from __future__ import annotations

import ssl
from http import HTTPStatus

from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI, ProxyError

from speaker_tracker.client.address import DEFAULT_URL, redacted
from speaker_tracker.client.errors import (
    AccessRefused,
    BadArgument,
    CannotConnect,
    ClientError,
    NotASpeakerTracker,
    ServerUnavailable,
    UntrustedCertificate,
)

OPEN_TIMEOUT = 10.0

UNAVAILABLE = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})
"""Statuses of proxies for a server that cannot be reached, besides 503."""


def refusal(url: str, error: Exception) -> ClientError:
    """The error to raise when connecting to ``url`` failed with ``error``."""
    name = redacted(url)
    match error:
        case ssl.SSLCertVerificationError():
            return UntrustedCertificate(
                f"the certificate of {name} is not trusted: {error.verify_message}; if it is your own, name its file in the "
                f"environment variable SSL_CERT_FILE"
            )
        case InvalidURI() | ValueError():
            return BadArgument(f"{url!r} is no WebSocket address; it must look like {DEFAULT_URL}")
        case InvalidStatus():
            return _http_refusal(name, error.response.status_code)
        case InvalidHandshake():
            return _failed_handshake(name, error)
        case TimeoutError():
            return CannotConnect(f"{name} did not answer within {OPEN_TIMEOUT:g} s")
        case _:
            return CannotConnect(f"{name} cannot be reached: {_text(error)}; is the server running?")


def _failed_handshake(url: str, error: InvalidHandshake) -> ClientError:
    if isinstance(error, ProxyError):
        return CannotConnect(f"{url} cannot be reached through the proxy that the environment names: {_text(error)}")
    if isinstance(error.__cause__, EOFError):
        return CannotConnect(f"{url} closed the connection before it answered")
    return NotASpeakerTracker(f"{url} is no speaker tracker: it does not accept WebSocket connections ({_text(error)})")


def _http_refusal(url: str, status: int) -> ClientError:
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return AccessRefused(f"{url} wants a valid token (HTTP 401)", status)
        case HTTPStatus.FORBIDDEN:
            return AccessRefused(f"{url} refuses this client (HTTP 403)", status)
        case HTTPStatus.NOT_FOUND:
            return NotASpeakerTracker(f"{url} is not there (HTTP 404); the path of a speaker tracker is /ws/session")
        case HTTPStatus.SERVICE_UNAVAILABLE:
            return ServerUnavailable(f"{url} takes no more sessions now (HTTP 503); try again later")
        case _ if status in UNAVAILABLE:
            return ServerUnavailable(f"{url} cannot open a session now (HTTP {status}); try again later")
    return NotASpeakerTracker(f"{url} answered HTTP {status} instead of opening a session")


def _text(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
