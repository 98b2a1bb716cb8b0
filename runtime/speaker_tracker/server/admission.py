"""Checks of the handshake: who may open a session."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from speaker_tracker.settings import Settings

ANY_ORIGIN = "*"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Reason for turning a handshake down: ``origin`` or ``token``, with an HTTP status and a sentence for people."""

    reason: str
    status: HTTPStatus
    sentence: str


class Admission:
    """Check of handshakes against ``settings.allowed_origins`` and ``settings.tokens``."""

    def __init__(self, settings: Settings) -> None:
        self._origins = frozenset(_normal_origin(origin) for origin in settings.allowed_origins)
        self._tokens = tuple(token.get_secret_value().encode() for token in settings.tokens)

    def refusal(self, *, origin: str | None, authorization: str | None, token_parameters: Sequence[str]) -> Refusal | None:
        """Reason to turn the client away; None where it may connect.

        ``origin`` and ``authorization`` are the headers of these names; a client without an Origin header is no browser and
        needs none. ``token_parameters`` are the values of ``?token=``, for browsers, which cannot set headers.
        """
        if origin is not None and not self._allows_origin(origin):
            return Refusal(
                "origin",
                HTTPStatus.FORBIDDEN,
                f"pages of origin {origin[:200]!r} may not connect; SPEAKER_TRACKER_ALLOWED_ORIGINS lists those that may",
            )
        if self._tokens and not self._knows_one_of(_offered_tokens(authorization, token_parameters)):
            return Refusal(
                "token",
                HTTPStatus.UNAUTHORIZED,
                "a valid token is needed: send the header 'Authorization: Bearer TOKEN' or add ?token=TOKEN to the address",
            )
        return None

    def _allows_origin(self, origin: str) -> bool:
        return ANY_ORIGIN in self._origins or _normal_origin(origin) in self._origins

    def _knows_one_of(self, offered: Iterable[str]) -> bool:
        # Every pair is compared, each in constant time, so that timing tells nothing about the tokens.
        matches = [hmac.compare_digest(given.encode(errors="replace"), token) for given in offered for token in self._tokens]
        return any(matches)


def _normal_origin(origin: str) -> str:
    return origin.strip().rstrip("/").lower()


def _offered_tokens(authorization: str | None, token_parameters: Sequence[str]) -> list[str]:
    offered = list(token_parameters[:1])
    scheme, _, credentials = (authorization or "").partition(" ")
    if scheme.lower() == "bearer":
        offered.append(credentials.strip())
    return offered
