"""Encryption of what is kept of sessions. Needs the extra ``encryption``.

Each session has a key of its own, derived from one of the server's secrets and from the client's token, which is not in the store.
So nobody can read what is kept with the store alone, or with the store and the secret.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

NONCE_BYTES = 12
KEY_BYTES = 32
PURPOSE = b"speaker-tracker session 1"


class CannotOpen(Exception):
    """Sealed data is not of this token and of none of these secrets, or was changed."""


class Seal:
    """Authenticated encryption (AES-256-GCM; keys by HKDF-SHA-256). ``secrets``: the first seals, all open."""

    def __init__(self, secrets: Sequence[str]) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - only where it is used

        self._secrets = tuple(secret.encode() for secret in secrets)
        self._cipher = AESGCM

    def sealed(self, token: str, data: bytes) -> bytes:
        """``data`` encrypted for whoever has ``token``."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher(_key(self._secrets[0], token)).encrypt(nonce, data, PURPOSE)

    def opened(self, token: str, sealed: bytes) -> bytes:
        """What ``sealed`` was made of. Raises ``CannotOpen``."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415

        nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        for secret in self._secrets:
            try:
                return self._cipher(_key(secret, token)).decrypt(nonce, body, PURPOSE)
            except (InvalidTag, ValueError):
                continue
        raise CannotOpen("it was sealed with another secret, or changed")


def _key(secret: bytes, token: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    return HKDF(SHA256(), KEY_BYTES, salt=secret, info=PURPOSE).derive(token.encode())
