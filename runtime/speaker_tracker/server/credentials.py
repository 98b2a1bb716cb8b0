"""Tokens as clients show them: in headers, in the subprotocols of a WebSocket, and in the address."""

from __future__ import annotations

import base64
from collections.abc import Sequence

BEARER = "bearer"
"""Subprotocol that a client offers before its token, and the one that the server then selects."""

ENCODED = "base64url."
"""Begin of a token in a subprotocol that is encoded, as a subprotocol may hold few characters (RFC 6455, section 4.1)."""


def bearer_token(authorization: str | None) -> list[str]:
    """Token of a header ``Authorization: Bearer TOKEN`` (RFC 6750), if it is one."""
    scheme, _, credentials = (authorization or "").partition(" ")
    return [credentials.strip()] if scheme.lower() == "bearer" else []


def basic_password(authorization: str | None) -> list[str]:
    """Password of a header ``Authorization: Basic ...`` in UTF-8 (RFC 7617), if it is one; whatever the user's name is."""
    scheme, _, credentials = (authorization or "").partition(" ")
    decoded = _decoded(credentials.strip(), altchars=b"+/") if scheme.lower() == "basic" else None
    return [decoded.partition(":")[2]] if decoded is not None and ":" in decoded else []


def subprotocol_tokens(offered: Sequence[str]) -> list[str]:
    """Token behind ``bearer`` in what a client offers: as it is, and decoded where it may be encoded."""
    if BEARER not in offered:
        return []
    found = list(offered[offered.index(BEARER) + 1 :][:1])
    if found and found[0].startswith(ENCODED):
        decoded = _decoded(found[0].removeprefix(ENCODED), altchars=b"-_")
        found += [] if decoded is None else [decoded]
    return found


def _decoded(text: str, altchars: bytes) -> str | None:
    """Text in UTF-8 behind base64 with or without padding; None where there is none."""
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars, validate=True).decode()
    except ValueError:
        return None
