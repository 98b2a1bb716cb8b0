"""File with the tokens of a server, which may be changed while it runs."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from speaker_tracker.server.file_watch import FileWatch
from speaker_tracker.settings import PREFIX, SettingsError

logger = logging.getLogger(__name__)

SETTING = f"{PREFIX}TOKENS_FILE"
MAX_TOKENS = 1000
"""Most tokens of a file: each that a client shows is compared with all of them."""
MAX_BYTES = 1 << 20

NAME = r"[A-Za-z0-9._@-]{1,64}"
"""Name of a token, as it stands in files and logs."""

_COMMENT = re.compile(r"(^|\s)#.*")
_LINE = re.compile(rf"(?:(?P<name>{NAME}):\s+)?(?P<token>\S+)")


@dataclass(frozen=True, slots=True)
class NamedToken:
    """Token with the name that logs have for it."""

    name: str
    token: str = field(repr=False)


class TokenFile:
    """Tokens of the file at ``path``, read again when it changes.

    A file that has become unreadable or wrong changes nothing: the tokens read last stay, and the log says so once for each change.
    Raises ``SettingsError`` where it is wrong from the start.
    """

    def __init__(self, path: Path, watch: Callable[[Path], FileWatch] = FileWatch) -> None:
        self._path = path
        self._watch = watch(path)  # before it is read, so that no change is missed
        self._tokens = read_tokens(path)

    @property
    def tokens(self) -> tuple[NamedToken, ...]:
        """Tokens as of now."""
        if self._watch.changed():
            try:
                self._tokens = read_tokens(self._path)
            except SettingsError as error:
                logger.error("the %d tokens read before stay: %s", len(self._tokens), error)
            else:
                logger.info("%s was read again: %d tokens", self._path, len(self._tokens))
        return self._tokens


def read_tokens(path: Path) -> tuple[NamedToken, ...]:
    """Tokens of a file, one or more. Raises ``SettingsError``, whose sentence shows none of them."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"{path}, named by {SETTING}, cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise SettingsError(f"{path}, named by {SETTING}, is longer than {MAX_BYTES >> 20} MiB; it has one token a line")
    try:
        return parse_tokens(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}, named by {SETTING}, is no text in UTF-8") from error.__cause__
    except ValueError as error:
        raise SettingsError(f"{path}, named by {SETTING}: {error}") from error


def parse_tokens(text: str) -> tuple[NamedToken, ...]:
    """Tokens of lines ``name: token`` or ``token``, without comments (``#``) and blank lines; one or more.

    A token without a name is called by its position among all, such as ``token 3``. Several may have the same name. Raises
    ``ValueError`` with a sentence that shows none of them.
    """
    found: dict[str, tuple[int, NamedToken]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not (content := _COMMENT.sub("", line).strip()):
            continue
        match = _LINE.fullmatch(content)
        if match is None or (match["name"] is None and ":" in match["token"]):
            raise ValueError(
                f"line {number} is no token: write 'name: token', with a space behind the colon, or the token alone, without "
                f"spaces and colons; a name has letters, digits and any of ._@- and 64 characters at most"
            )
        token = match["token"]
        if token in found:
            raise ValueError(f"line {number} has the token of line {found[token][0]} again")
        found[token] = (number, NamedToken(match["name"] or f"token {len(found) + 1}", token))
    if not found:
        raise ValueError("it has no token; without any, everybody would be let in or nobody")
    if len(found) > MAX_TOKENS:
        raise ValueError(f"it has {len(found)} tokens, and {MAX_TOKENS} is the most")
    return tuple(token for _, token in found.values())
