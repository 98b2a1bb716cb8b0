"""Checks of the handshake: who may open a session, and of requests for paths that need a token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from speaker_tracker.server.credentials import basic_password, bearer_token, subprotocol_tokens
from speaker_tracker.server.token_check import Purpose, TokenCheck, TokenFault
from speaker_tracker.settings import PREFIX, Settings, SettingsError

ANY_ORIGIN = "*"
SHOW_FOR_SESSION = (
    "a valid token is needed: send the header 'Authorization: Bearer TOKEN', offer the subprotocols 'bearer' and TOKEN, or add "
    "?token=TOKEN to the address"
)
SHOW_FOR_PATH = "a valid token is needed: send the header 'Authorization: Bearer TOKEN', or the token as a password (Basic)"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Reason for turning a client down: ``origin`` or ``token``, with an HTTP status and a sentence for people."""

    reason: str
    status: HTTPStatus
    sentence: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """Client that may connect. ``token_name``: as logs have it; None where the server asks for no token."""

    token_name: str | None


class Admission:
    """Check of clients against ``settings.allowed_origins`` and all tokens.

    ``shared_folder``: as for ``TokenCheck``. Raises ``SettingsError`` where the settings of tokens cannot be used.
    """

    def __init__(self, settings: Settings, shared_folder: Path | None = None) -> None:
        self._origins = frozenset(_normal_origin(origin) for origin in settings.allowed_origins)
        self._tokens = TokenCheck(settings, shared_folder)
        if settings.protected_paths and not self._tokens.needed:
            raise SettingsError(
                f"{PREFIX}PROTECTED_PATHS needs tokens to protect by; set {PREFIX}TOKENS, {PREFIX}TOKENS_FILE or "
                f"{PREFIX}TOKEN_SECRET"
            )

    def decide(
        self,
        *,
        origin: str | None,
        authorization: str | None,
        token_parameters: Sequence[str] = (),
        subprotocols: Sequence[str] = (),
        purpose: Purpose = Purpose.SESSION,
    ) -> Admitted | Refusal:
        """Whether the client may open a session, which uses a token up that is good for one, unless it only asks.

        ``origin`` and ``authorization`` are the headers of these names; a client without an Origin header is no browser and
        needs none. ``token_parameters`` are the values of ``?token=``, and ``subprotocols`` what is offered in
        ``Sec-WebSocket-Protocol``; both are for browsers, which cannot set headers.
        """
        if origin is not None and not self._allows_origin(origin):
            return Refusal(
                "origin",
                HTTPStatus.FORBIDDEN,
                f"pages of origin {origin[:200]!r} may not connect; SPEAKER_TRACKER_ALLOWED_ORIGINS lists those that may",
            )
        offered = [*token_parameters[:1], *bearer_token(authorization), *subprotocol_tokens(subprotocols)]
        return self._decide_by_token(offered, purpose, SHOW_FOR_SESSION)

    def path_refusal(self, authorization: str | None) -> Refusal | None:
        """Reason not to answer a request for a protected path, which browsers show a token for as a password."""
        offered = [*bearer_token(authorization), *basic_password(authorization)]
        decision = self._decide_by_token(offered, Purpose.PATH, SHOW_FOR_PATH)
        return decision if isinstance(decision, Refusal) else None

    def _decide_by_token(self, offered: Sequence[str], purpose: Purpose, without: str) -> Admitted | Refusal:
        if not self._tokens.needed:
            return Admitted(None)
        offered = [token for token in offered if token]
        if not offered:
            return Refusal("token", HTTPStatus.UNAUTHORIZED, without)
        found = self._tokens.holder(offered, purpose)
        if not isinstance(found, TokenFault):
            return Admitted(found)
        status = HTTPStatus.SERVICE_UNAVAILABLE if found is TokenFault.UNKNOWN else HTTPStatus.UNAUTHORIZED
        return Refusal("token", status, found.value)

    def _allows_origin(self, origin: str) -> bool:
        return ANY_ORIGIN in self._origins or _normal_origin(origin) in self._origins


def _normal_origin(origin: str) -> str:
    return origin.strip().rstrip("/").lower()
