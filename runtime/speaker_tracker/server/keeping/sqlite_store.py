"""Sessions kept in an SQLite file: they outlive the processes of a machine, which may all use the file at once."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from speaker_tracker.server.keeping.store import Claimed, StoreUnavailable

BUSY_SECONDS = 2.0
"""Time to wait for another process that writes."""
POLL_SECONDS = 0.02
SWEEP_SECONDS = 30.0
"""Time between two removals of what has expired."""
FILE_MODE = 0o600

SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
    key TEXT PRIMARY KEY, epoch INTEGER NOT NULL, expires REAL NOT NULL, data BLOB NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX IF NOT EXISTS sessions_by_expiry ON sessions (expires);
"""

SAVE = """
INSERT INTO sessions (key, epoch, expires, data) VALUES (?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET expires = excluded.expires, data = excluded.data WHERE epoch = excluded.epoch
"""
CLAIM = "UPDATE sessions SET epoch = epoch + 1, expires = ? WHERE key = ? AND expires > ? AND data <> x'' RETURNING epoch, data"
TOUCH = "UPDATE sessions SET expires = ? WHERE key = ? AND epoch = ?"
FORGET = "UPDATE sessions SET epoch = epoch + 1, data = x'' WHERE key = ? AND epoch = ?"
"""A session that is over has no data."""

_Result = TypeVar("_Result")


class SqliteStore:
    """A ``SessionStore`` in the file at ``path``, which is made where it does not exist, readable for its owner alone.

    One thread talks to SQLite, so that nothing else waits for the disk. Raises ``StoreUnavailable`` where the file cannot be used.
    ``clock``: seconds since the epoch, the same in all processes. Where it jumps forward, what no connection has expires early;
    where it jumps back, late.
    """

    def __init__(self, path: Path, *, outlives_server: bool = True, clock: Callable[[], float] = time.time) -> None:
        self.outlives_server = outlives_server
        self._path = path
        self._clock = clock
        self._swept = 0.0
        self._thread = ThreadPoolExecutor(1, "sessions")
        self._database: sqlite3.Connection | None = None
        self._file = (0, 0)
        try:
            self._thread.submit(self._opened).result()
        except (sqlite3.Error, OSError) as error:
            self._thread.shutdown()
            raise StoreUnavailable(f"{path} cannot be used for sessions: {error}") from error

    async def create(self, key: str, data: bytes, seconds: float) -> None:
        """As ``SessionStore.create``."""
        expires = self._clock() + seconds
        await self._run(
            lambda database: database.execute("INSERT OR REPLACE INTO sessions VALUES (?, 0, ?, ?)", (key, expires, data)).close()
        )

    async def save(self, key: str, epoch: int, data: bytes, seconds: float) -> bool:
        """As ``SessionStore.save``."""
        values = (key, epoch, self._clock() + seconds, data)
        return await self._run(lambda database: database.execute(SAVE, values).rowcount > 0)

    async def touch(self, key: str, epoch: int, seconds: float) -> bool:
        """As ``SessionStore.touch``."""
        expires = self._clock() + seconds

        def touched(database: sqlite3.Connection) -> bool:
            if database.execute(TOUCH, (expires, key, epoch)).rowcount > 0:
                return True
            return database.execute("SELECT 1 FROM sessions WHERE key = ?", (key,)).fetchone() is None

        return await self._run(touched)

    async def claim(self, key: str, seconds: float) -> Claimed | None:
        """As ``SessionStore.claim``."""
        now = self._clock()
        found = await self._run(lambda database: database.execute(CLAIM, (now + seconds, key, now)).fetchone())
        return None if found is None else Claimed(found[0], found[1])

    async def forget(self, key: str, epoch: int) -> None:
        """As ``SessionStore.forget``."""
        await self._run(lambda database: database.execute(FORGET, (key, epoch)).close())

    async def close(self) -> None:
        """Close the file; what is kept stays there."""
        with suppress(RuntimeError):  # closed before
            await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._worked, work)
        except sqlite3.Error as error:
            raise StoreUnavailable(f"{self._path}: {error}") from error
        except (OSError, RuntimeError) as error:
            raise StoreUnavailable(f"{self._path} cannot be used: {error}") from error

    # -- in the thread -----------------------------------------------------------------------------------------------------------

    def _worked(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        if self._database is not None and not self._is_in_place():
            self._close()  # what is saved in a file that was removed is lost with this process
        database = self._opened()
        try:
            result = work(database)
        except sqlite3.Error:
            self._close()  # a file that was moved away or damaged may be there again next time
            raise
        if abs(self._clock() - self._swept) > SWEEP_SECONDS:
            self._swept = self._clock()
            with suppress(sqlite3.OperationalError):  # another process writes; it is swept next time
                database.execute("DELETE FROM sessions WHERE expires <= ?", (self._clock(),))
        return result

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(FILE_MODE)
            self._database = _connected(self._path)
            self._file = _identity(self._path)
        return self._database

    def _is_in_place(self) -> bool:
        try:
            return _identity(self._path) == self._file
        except FileNotFoundError:
            return False

    def _close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            with suppress(sqlite3.Error):
                database.close()


def _connected(path: Path) -> sqlite3.Connection:
    """The database, made ready. Waits where another process does the same, which SQLite itself does not in all of these steps."""
    end = time.monotonic() + BUSY_SECONDS
    while True:
        database = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            database.execute("PRAGMA journal_mode = WAL").close()
            # In WAL mode a power cut can cost the latest saves, and never damages the file.
            database.execute("PRAGMA synchronous = NORMAL").close()
            database.execute("PRAGMA secure_delete = ON").close()
            database.executescript(SCHEMA)
        except sqlite3.Error as error:
            database.close()
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(POLL_SECONDS)
        else:
            return database


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino
