"""Tokens that are good for one session, and which of them have been used."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

MAX_USED = 10_000
"""Most tokens that are remembered at a time; until some of them expire, no further one is taken."""

SWEEP_SECONDS = 10.0
"""Shortest time between two looks for tokens that have expired."""

FOLDER = "used-tokens"


class CannotRemember(Exception):
    """The use of a token cannot be remembered now, so it must not be allowed."""


class UsedTokens(Protocol):
    """Memory of tokens until they expire. ``token_id``: letters, digits and any of ``_-``. ``expires``: Unix time in seconds."""

    def use(self, token_id: str, expires: int) -> bool:
        """Remember that a token is used; false where it was used before. Raises ``CannotRemember``."""
        ...

    def has_been_used(self, token_id: str, expires: int) -> bool:
        """Whether a token was used."""
        ...


def used_tokens(shared_folder: Path | None) -> UsedTokens:
    """Memory that all processes share that share this folder; None: that of this process."""
    return UsedHere() if shared_folder is None else UsedInFolder(shared_folder / FOLDER)


class UsedHere:
    """Used tokens of one process, in its memory."""

    def __init__(self) -> None:
        self._expiries: dict[str, int] = {}
        self._swept_at = time.monotonic()

    def use(self, token_id: str, expires: int) -> bool:
        """As ``UsedTokens``."""
        if token_id in self._expiries:
            return False
        if len(self._expiries) >= MAX_USED or time.monotonic() - self._swept_at >= SWEEP_SECONDS:
            self._swept_at = time.monotonic()
            self._expiries = {known: expiry for known, expiry in self._expiries.items() if expiry > time.time()}
        if len(self._expiries) >= MAX_USED:
            raise CannotRemember(f"{MAX_USED} tokens that are good for one session are in use, which is the most")
        self._expiries[token_id] = expires
        return True

    def has_been_used(self, token_id: str, expires: int) -> bool:  # noqa: ARG002 - as UsedTokens
        """As ``UsedTokens``."""
        return token_id in self._expiries


class UsedInFolder:
    """Used tokens of several processes: an empty file for each in ``folder``, which of two processes one only can make.

    A file's name has the time at which it may be removed, and the token's id, by which nothing can be opened.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = MAX_USED  # unknown as yet
        self._swept_at = time.monotonic()

    def use(self, token_id: str, expires: int) -> bool:
        """As ``UsedTokens``."""
        if self.has_been_used(token_id, expires):
            return False
        try:
            if self._count >= MAX_USED or time.monotonic() - self._swept_at >= SWEEP_SECONDS:
                self._sweep()
            if self._count >= MAX_USED:
                raise CannotRemember(f"{MAX_USED} tokens that are good for one session are in use, which is the most")
            self._file(token_id, expires).touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            return False
        except OSError as error:
            raise CannotRemember(f"{self._folder} cannot be written: {error.strerror}") from error
        self._count += 1
        return True

    def has_been_used(self, token_id: str, expires: int) -> bool:
        """As ``UsedTokens``."""
        return self._file(token_id, expires).exists()

    def _file(self, token_id: str, expires: int) -> Path:
        return self._folder / f"{expires}.{token_id}"

    def _sweep(self) -> None:
        self._swept_at = time.monotonic()
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._count = 0
        for file, expires in self._files():
            if expires <= time.time():
                file.unlink(missing_ok=True)
            else:
                self._count += 1

    def _files(self) -> Iterator[tuple[Path, int]]:
        for file in self._folder.iterdir():
            expires = file.name.partition(".")[0]
            if expires.isdecimal():
                yield file, int(expires)
