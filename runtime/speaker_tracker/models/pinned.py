"""Files that are fetched: how long they are, and the digest by which they are known again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """A published file. ``name``: of the file. ``bytes``: its length. ``sha256``: digest of its content, 64 hexadecimal digits."""

    name: str
    bytes: int
    sha256: str

    def is_in(self, folder: Path) -> bool:
        """Whether the file of that name in ``folder`` is this one. Raises ``OSError`` if it cannot be read."""
        file = folder / self.name
        return file.stat().st_size == self.bytes and digest(file) == self.sha256


def digest(file: Path) -> str:
    """SHA-256 digest of the content of ``file``, 64 hexadecimal digits. Raises ``OSError``."""
    sha256 = hashlib.sha256()
    with file.open("rb") as content:
        while piece := content.read(PIECE_BYTES):
            sha256.update(piece)
    return sha256.hexdigest()
