"""Tokens that a secret has signed, for clients that must not have a lasting one, such as pages in browsers.

A token is ``st1.CLAIMS.SIGNATURE``: ``CLAIMS`` is JSON (``exp``, ``id``, ``name``, ``once``), and ``SIGNATURE`` the HMAC-SHA-256 of
``st1.CLAIMS`` by the secret, both in base64url without padding. docs/access.md describes it for
programs that make tokens themselves.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Sequence
from typing import Annotated

from itsdangerous import BadSignature, Signer
from itsdangerous.encoding import base64_decode, base64_encode
from itsdangerous.exc import BadData
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from speaker_tracker.server.token_file import NAME

VERSION = "st1"
"""First part of every such token; a later form has another."""

MAX_TTL_SECONDS = 7 * 24 * 3600
"""Longest time for which a token may be good; one that would be good for longer is not taken."""

DEFAULT_NAME = "signed"
ID_BYTES = 16


class TokenNotValid(Exception):
    """A token was not signed by a secret of this server, or is not of the form that it has to be."""


class TokenExpired(Exception):
    """A token was good, and its time is over."""


class SignedToken(BaseModel):
    """What a signed token says.

    ``exp``: the Unix time in seconds at which it expires. ``id``: random, to know it again. ``name``: as logs have it. ``once``:
    whether it opens one session only.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    exp: Annotated[int, Field(ge=0, lt=1 << 53)]
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{16,64}$")]
    name: Annotated[str, Field(pattern=rf"^{NAME}$")] = DEFAULT_NAME
    once: bool = False


class TokenSigner:
    """Maker and reader of signed tokens. ``keys``: one or more secrets; the first signs, and each is good for reading."""

    def __init__(self, keys: Sequence[str]) -> None:
        # The last of a Signer's keys signs. Without a derivation of its own, programs in any language can make tokens.
        self._signer = Signer(list(reversed(keys)), sep=".", key_derivation="none", digest_method=hashlib.sha256)

    def make(self, ttl_seconds: int, name: str = DEFAULT_NAME, *, once: bool = False, now: float | None = None) -> str:
        """Make a token that is good for ``ttl_seconds``, from 1 to ``MAX_TTL_SECONDS``, from ``now`` (Unix time) on."""
        expires = int(time.time() if now is None else now) + ttl_seconds
        token = SignedToken(exp=expires, id=secrets.token_urlsafe(ID_BYTES), name=name, once=once)
        claims = base64_encode(token.model_dump_json())
        return self._signer.sign(VERSION.encode() + b"." + claims).decode()

    def read(self, token: str, now: float | None = None) -> SignedToken:
        """What ``token`` says. Raises ``TokenNotValid`` and ``TokenExpired``."""
        now = time.time() if now is None else now
        version, _, rest = token.partition(".")
        if version != VERSION or not re.fullmatch(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", rest):
            raise TokenNotValid
        try:
            signed = self._signer.unsign(token)
            said = SignedToken.model_validate_json(base64_decode(signed.partition(b".")[2]))
        except (BadSignature, BadData, ValidationError) as error:
            raise TokenNotValid from error
        if said.exp - now > MAX_TTL_SECONDS:
            raise TokenNotValid
        if said.exp <= now:
            raise TokenExpired
        return said
