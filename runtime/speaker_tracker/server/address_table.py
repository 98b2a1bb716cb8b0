"""Counts of sessions by client address, over all processes of a server."""

from __future__ import annotations

import secrets
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import c_uint64, sizeof
from hashlib import blake2b
from typing import Any

from speaker_tracker.protocol import ErrorCode, ErrorMessage

FREE = 0
CELL_BYTES = sizeof(c_uint64)


class AddressTable:
    """A cell for each session that each of ``workers`` processes may have, which holds a hash of the client's address.

    Each process writes its own row alone, so that no lock is needed and nothing is held by one that crashes. ``array``: makes
    zeroed memory that all of them see, such as ``RawArray`` of ``multiprocessing``; None: ordinary memory, for one process. Hashes
    have a key of the table's own: what is in memory tells no address, and nobody can choose one that counts as another's.
    """

    def __init__(self, workers: int, sessions: int, shared_array: Any = None) -> None:
        self._sessions = sessions
        self._key = secrets.token_bytes(16)
        self._cells: Any = (
            (c_uint64 * (workers * sessions))() if shared_array is None else shared_array(c_uint64, workers * sessions)
        )

    def row(self, number: int) -> AddressRow:
        """Cells of the worker at place ``number``, from 0."""
        return AddressRow(self._cells, number * self._sessions, self._sessions, self._key)

    def clear(self, number: int) -> None:
        """Give back what a worker counted that has ended, in whatever way."""
        begin = number * self._sessions
        self._cells[begin : begin + self._sessions] = [FREE] * self._sessions


class AddressRow:
    """Sessions of one process by address, and what it sees of the others."""

    def __init__(self, cells: Any, begin: int, sessions: int, key: bytes) -> None:
        self._cells = cells
        self._begin = begin
        self._sessions = sessions
        self._key = key
        self._free: list[int] | None = None

    def add(self, address: str) -> int:
        """Count a session for ``address``; returns the cell to give back with ``remove``.

        Raises ``IndexError`` where this process has more sessions than the table has cells for it.
        """
        cell = self._free_cells.pop()
        self._cells[cell] = self._hash(address)
        return cell

    def remove(self, cell: int) -> None:
        """Count the session of ``cell`` no more."""
        self._cells[cell] = FREE
        self._free_cells.append(cell)

    def count(self, address: str) -> int:
        """Sessions of all processes from ``address``."""
        return array("Q", bytes(memoryview(self._cells))).count(self._hash(address))

    def _hash(self, address: str) -> int:
        digest = blake2b(address.encode(), key=self._key, digest_size=CELL_BYTES).digest()
        return int.from_bytes(digest, "big") or 1

    @property
    def _free_cells(self) -> list[int]:
        if self._free is None:
            self._free = list(range(self._begin, self._begin + self._sessions))
        return self._free


class AddressLimit:
    """Limit of ``most`` sessions from one address. ``row``: where they are counted; None: there is no limit."""

    def __init__(self, most: int, row: AddressRow | None) -> None:
        self._most = most
        self._row = row

    @contextmanager
    def place(self, address: str) -> Iterator[ErrorMessage | None]:
        """Context that counts a session for ``address``; gives the error message for its client if that is one too many.

        An empty address, such as that of a Unix socket, is not counted.
        """
        if self._row is None or not address:
            yield None
            return
        # Counted first and looked at then: of two processes that take the last place, both may be refused, and never both have it.
        cell = self._row.add(address)
        try:
            yield self._refusal() if self._row.count(address) > self._most else None
        finally:
            self._row.remove(cell)

    def _refusal(self) -> ErrorMessage:
        return ErrorMessage(
            code=ErrorCode.TOO_MANY_SESSIONS,
            message=f"this server takes at most {self._most} sessions from one address; end one of them, or connect again later",
        )
