"""Folder that the worker processes of another ASGI server share, for what observers count and which tokens were used."""

from __future__ import annotations

import logging
import multiprocessing
import os
import shutil
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir
from typing import Self

logger = logging.getLogger(__name__)

IN_USE = "in-use.lock"
"""Locked by every process that uses the folder; whoever can lock it alone is the last one and removes it."""


class WorkersFolder:
    """Folder ``path``, the same for all processes that one server started; removed when the last of them leaves."""

    def __init__(self, above: Path) -> None:
        self._above = above
        self.path = above / "shared"
        self._lock = self._entered()

    @classmethod
    def of_this_process(cls) -> Self | None:
        """Folder of this worker process; None in a process that was not started as one, and where no folder can be made.

        Hypercorn and uvicorn start workers by ``multiprocessing``, which gives all of one server the same random key.
        """
        if multiprocessing.parent_process() is None:
            return None
        key = sha256(multiprocessing.current_process().authkey).hexdigest()[:20]
        try:
            return cls(Path(gettempdir()) / f"speaker-tracker-{key}")
        except (OSError, ImportError) as error:
            logger.warning("no folder for what the server's processes have in common, so each counts for itself: %s", error)
            return None

    def _entered(self) -> int:
        import fcntl  # noqa: PLC0415 - not on Windows, where each process counts for itself

        while True:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                lock = os.open(self._above / IN_USE, os.O_CREAT | os.O_RDWR, 0o600)
            except FileNotFoundError:  # removed by the last one to leave
                continue
            fcntl.flock(lock, fcntl.LOCK_SH)
            if self._is_still(lock):
                return lock
            os.close(lock)

    def _is_still(self, lock: int) -> bool:
        try:
            return os.path.samestat(os.fstat(lock), (self._above / IN_USE).stat()) and self.path.is_dir()
        except FileNotFoundError:
            return False

    def leave(self) -> None:
        """Stop using the folder, and remove it where no other process uses it."""
        import fcntl  # noqa: PLC0415 - see above

        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pass  # others use it
        else:
            shutil.rmtree(self._above, ignore_errors=True)
        os.close(self._lock)
