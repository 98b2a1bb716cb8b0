"""Errors that a client raises; each message is one sentence that names the server's address."""

from __future__ import annotations

from speaker_tracker.errors import UserError
from speaker_tracker.protocol import CloseCode, ErrorCode


class ClientError(UserError):
    """The server cannot be reached, is not a speaker tracker, refuses this client, or dropped the connection.

    ``temporary``: whether trying again later can help.
    """

    temporary = False


class BadArgument(ClientError, ValueError):
    """An invalid address, number of speakers, or audio; nothing was sent."""


class CannotConnect(ClientError):
    """Nothing answers at the address within the time limit."""

    temporary = True


class UntrustedCertificate(CannotConnect):
    """The server's certificate is not trusted."""

    temporary = False


class NotASpeakerTracker(ClientError):
    """The peer does not speak the protocol."""


class AccessRefused(ClientError):
    """The server requires another token, or refuses this client altogether. ``status``: HTTP status, 401 or 403."""

    def __init__(self, message: str, status: int = 403) -> None:
        super().__init__(message)
        self.status = status


class ServerUnavailable(ClientError):
    """The server, or a proxy in front of it, accepts no sessions now, according to its HTTP status."""

    temporary = True


class ConnectionLost(ClientError):
    """The connection broke, or the server closed it, before the report. ``close_code``: the server's, None if it sent none."""

    def __init__(self, message: str, close_code: int | None = None) -> None:
        super().__init__(message)
        self.close_code = close_code
        # The server would close the next connection for the same fault of the client.
        self.temporary = close_code not in BLAMING_CLOSE_CODES


BLAMING_CLOSE_CODES = frozenset(
    {1002, CloseCode.UNSUPPORTED_DATA, CloseCode.INVALID_DATA, CloseCode.POLICY, CloseCode.TOO_BIG, 1010}
)


KNOWN_CODES = frozenset(ErrorCode)


class ServerError(ClientError):
    """The server answered with an error message. ``code``: its stable identifier, an ``ErrorCode`` unless the server is newer."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code: ErrorCode | str = ErrorCode(code) if code in KNOWN_CODES else code


class ServerBusy(ServerError):
    """The server accepts no session now.

    ``code``: ``server_busy`` where all are taken, ``too_many_sessions`` where this address has as many as it may, or
    ``shutting_down``.
    """

    temporary = True


class KnownVoicesRefused(ServerError):
    """The server does not take the known voices, or makes no voiceprints.

    ``code``: ``invalid_known_voices`` for prints, names or a number of them that it cannot use, ``voiceprint_model`` for prints of
    another voice model than its own, ``known_voices_off`` if it recognizes nobody.
    """


VOICE_CODES = frozenset({ErrorCode.INVALID_KNOWN_VOICES, ErrorCode.VOICEPRINT_MODEL, ErrorCode.KNOWN_VOICES_OFF})


def server_error(message: str, code: str) -> ServerError:
    """The exception for an error message with this code."""
    kind: type[ServerError] = ServerError
    if code in {ErrorCode.SERVER_BUSY, ErrorCode.TOO_MANY_SESSIONS, ErrorCode.SHUTTING_DOWN}:
        kind = ServerBusy
    elif code in VOICE_CODES:
        kind = KnownVoicesRefused
    return kind(f"the server says: {message}", code)


class SessionOver(ClientError):
    """Audio was sent after the end: after ``stop``, after the server had ended the session with a report, or after closing."""
