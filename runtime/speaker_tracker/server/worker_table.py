"""Figures that the processes of one server share: who takes connections, how many are open, and how many of them are sessions."""

from __future__ import annotations

from ctypes import c_int64
from multiprocessing.context import BaseContext
from typing import Any, Final

from speaker_tracker.server.address_table import AddressRow, AddressTable
from speaker_tracker.settings import Settings

LISTENING: Final = 0
CONNECTIONS: Final = 1
SESSIONS: Final = 2
FIELDS: Final = 3


class WorkerTable:
    """Figures of ``workers`` processes in memory that all of them see; each writes its own row alone, so that no lock is needed.

    ``context``: of ``multiprocessing``, by which the processes are started; the table is one of their arguments.
    ``addressed_sessions``: sessions of each process whose addresses are counted; 0: none are.
    """

    def __init__(self, workers: int, context: BaseContext, addressed_sessions: int = 0) -> None:
        self._cells: Any = context.RawArray(c_int64, workers * FIELDS)
        self._addresses = AddressTable(workers, addressed_sessions, context.RawArray) if addressed_sessions else None

    def row(self, number: int) -> WorkerRow:
        """Figures of the worker at place ``number``, from 0."""
        return WorkerRow(self._cells, number, None if self._addresses is None else self._addresses.row(number))

    def clear(self, number: int) -> None:
        """Give back what a worker counted that has ended, in whatever way."""
        self._cells[number * FIELDS : (number + 1) * FIELDS] = [0] * FIELDS
        if self._addresses is not None:
            self._addresses.clear(number)


def worker_table(settings: Settings, context: BaseContext) -> WorkerTable:
    """The table for a server with these settings."""
    return WorkerTable(settings.workers, context, settings.max_sessions if settings.max_sessions_per_address else 0)


class WorkerRow:
    """Figures of one worker, and what it sees of the others. ``addresses``: None where they are not counted."""

    def __init__(self, cells: Any, number: int, addresses: AddressRow | None = None) -> None:
        self.addresses = addresses
        self._cells = cells
        self._begin = number * FIELDS

    @property
    def sessions(self) -> int:
        """Open sessions of all processes together."""
        return sum(self._cells[SESSIONS::FIELDS])

    def set_sessions(self, count: int) -> None:
        """State how many sessions this process has open."""
        self._cells[self._begin + SESSIONS] = count

    def set_listening(self, *, listening: bool) -> None:
        """State whether this process takes connections."""
        self._cells[self._begin + LISTENING] = int(listening)

    def add_connections(self, change: int) -> None:
        """Count connections that this process has taken (positive) or that have ended (negative)."""
        self._cells[self._begin + CONNECTIONS] += change

    @property
    def has_fewest(self) -> bool:
        """Whether no other process that takes connections has fewer of them open."""
        own = self._cells[self._begin + CONNECTIONS]
        pairs = zip(self._cells[LISTENING::FIELDS], self._cells[CONNECTIONS::FIELDS], strict=True)
        return all(own <= count for listening, count in pairs if listening)
