"""Slots of processes in a shared folder, each with its own files of metric values.

A process that starts takes the slot of one that died and goes on in its files, so counters never fall and the folder does not
grow. A slot is held by a file lock, which the system releases however the process ends.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from prometheus_client.multiprocess import mark_process_dead

LOCKS = "slots.lock"
"""File whose bytes are locks: the first guards taking and looking at slots, each further one is a slot."""


class Slot:
    """The lowest slot in ``folder`` that no living process holds, taken by this process.

    Locks are those of POSIX: a child that a process forks does not hold them, and closing the file would release them all.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._locks = (folder / LOCKS).open("ab")
        self._threads = Lock()  # the other locks keep processes apart, not threads
        with self._guarded():
            self.number = self._taken()
            mark_process_dead(self.number, str(folder))

    def forget_ended_processes(self) -> None:
        """Removes gauges of processes that have ended, such as open sessions; their counters stay."""
        os.utime(self._locks.fileno())  # so that what clears old files away takes it for no such file
        with self._guarded():
            for number in self._with_files() - {self.number}:
                if self._take(number):
                    mark_process_dead(number, str(self._folder))
                    self._lock(fcntl.LOCK_UN, 1 + number)

    def _with_files(self) -> set[int]:
        """Slots with gauges that hold only as long as their process lives."""
        return {int(file.stem.rpartition("_")[2]) for file in self._folder.glob("gauge_live*.db")}

    def _taken(self) -> int:
        number = 0
        while not self._take(number):
            number += 1
        return number

    def _take(self, number: int) -> bool:
        try:
            self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB, 1 + number)
        except (BlockingIOError, PermissionError):  # either, by the system
            return False
        return True

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        with self._threads:
            self._lock(fcntl.LOCK_EX, 0)
            try:
                yield
            finally:
                self._lock(fcntl.LOCK_UN, 0)

    def _lock(self, operation: int, byte: int) -> None:
        fcntl.lockf(self._locks, operation, 1, byte)
