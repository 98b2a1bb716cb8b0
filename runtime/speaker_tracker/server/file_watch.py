"""Files that may be replaced while the server runs, such as tokens and certificates."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

LOOK_SECONDS = 1.0
"""Shortest time between two looks at the files."""

Signature: TypeAlias = tuple[tuple[int, ...] | None, ...]


class FileWatch:
    """Watch of ``paths`` for changes of their content, by what the system knows of them; nothing is read, and no thread runs.

    Symbolic links are followed, so that a link that is turned to another file is a change. ``clock``: in seconds.
    """

    def __init__(self, *paths: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._paths = paths
        self._clock = clock
        self._seen = self._signature()
        self._looked_at = clock()

    def changed(self) -> bool:
        """Whether a file has changed, come or gone since this was true last; looks at most once in ``LOOK_SECONDS``."""
        now = self._clock()
        if now - self._looked_at < LOOK_SECONDS:
            return False
        self._looked_at = now
        before, self._seen = self._seen, self._signature()
        return self._seen != before

    def _signature(self) -> Signature:
        return tuple(_signature(path) for path in self._paths)


def _signature(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
