"""Check of the tokens that a client shows, against all that the server knows."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Sequence
from enum import Enum, auto
from pathlib import Path

from speaker_tracker.server.signed_tokens import SignedToken, TokenExpired, TokenNotValid, TokenSigner
from speaker_tracker.server.token_file import NamedToken, TokenFile
from speaker_tracker.server.used_tokens import CannotRemember, used_tokens
from speaker_tracker.settings import Settings

logger = logging.getLogger(__name__)


class Purpose(Enum):
    """What a token is shown for."""

    SESSION = auto()
    """To open a session; a token that is good for one is used by it."""
    QUESTION = auto()
    """To learn whether it would open a session."""
    PATH = auto()
    """To read a path, which a token that is good for one session is not for."""


class TokenFault(Enum):
    """Why a token opens nothing; the values are sentences for people. Of several faults the later one is told."""

    NOT_VALID = "the token is not valid"
    EXPIRED = "the token has expired"
    SESSION_ONLY = "the token is good for one session, and opens nothing else"
    USED = "the token has been used, and was good for one session"
    UNKNOWN = "whether the token has been used cannot be told now; try again later"


def asks_for_tokens(settings: Settings) -> bool:
    """Whether clients need a token."""
    return bool(settings.tokens or settings.tokens_file or settings.token_secret)


class TokenCheck:
    """Tokens of ``settings.tokens`` and ``settings.tokens_file``, and those signed by ``settings.token_secret``.

    ``shared_folder``: of all processes of the server, which remember there together which tokens have been used. Raises
    ``SettingsError`` where the file of tokens cannot be used.
    """

    def __init__(self, settings: Settings, shared_folder: Path | None = None) -> None:
        self.needed = asks_for_tokens(settings)
        """Whether a client needs a token at all."""
        of_settings = enumerate((token.get_secret_value() for token in settings.tokens), start=1)
        self._tokens = tuple(NamedToken(f"TOKENS {number}", token) for number, token in of_settings)
        self._file = None if settings.tokens_file is None else TokenFile(settings.tokens_file)
        keys = [key.get_secret_value() for key in settings.token_secret]
        self._signer = TokenSigner(keys) if keys else None
        self._used = used_tokens(shared_folder)
        self._complained = False

    def holder(self, offered: Sequence[str], purpose: Purpose) -> str | TokenFault:
        """Name of a token among those ``offered``, one or more, that is good for ``purpose``; else what is wrong with them."""
        if (name := self._known(offered)) is not None:
            return name
        faults = list(TokenFault)
        fault = TokenFault.NOT_VALID
        for token in offered:
            found = self._signed(token, purpose)
            if isinstance(found, str):
                return found
            fault = max(fault, found, key=faults.index)
        return fault

    def _known(self, offered: Sequence[str]) -> str | None:
        known = (*self._tokens, *(() if self._file is None else self._file.tokens))
        secrets = [(each.token.encode(), each.name) for each in known]
        # Every pair is compared, each in constant time, so that timing tells nothing about the tokens.
        shown = [token.encode(errors="replace") for token in offered]
        matches = [name for given in shown for token, name in secrets if hmac.compare_digest(given, token)]
        return matches[0] if matches else None

    def _signed(self, token: str, purpose: Purpose) -> str | TokenFault:
        if self._signer is None:
            return TokenFault.NOT_VALID
        try:
            signed = self._signer.read(token)
        except TokenNotValid:
            return TokenFault.NOT_VALID
        except TokenExpired:
            return TokenFault.EXPIRED
        fault = self._fault_of_once(signed, purpose) if signed.once else None
        return signed.name if fault is None else fault

    def _fault_of_once(self, token: SignedToken, purpose: Purpose) -> TokenFault | None:
        if purpose is Purpose.PATH:
            return TokenFault.SESSION_ONLY
        if purpose is Purpose.QUESTION:
            return TokenFault.USED if self._used.has_been_used(token.id, token.exp) else None
        try:
            return None if self._used.use(token.id, token.exp) else TokenFault.USED
        except CannotRemember as error:
            if not self._complained:
                logger.error("no token that is good for one session can be taken: %s; that is logged once", error)
            self._complained = True
            return TokenFault.UNKNOWN
