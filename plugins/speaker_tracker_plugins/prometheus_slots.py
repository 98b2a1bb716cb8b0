"""Slots of processes in the folder that they share, each with its own files of metrics.

A new process takes the slot of one that died and continues its files, so that counts are kept and the folder does not grow. A slot
is held by a lock, which the system releases when the process ends, in whatever way.
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
"""Each byte is a lock: the first is held while slots are taken or inspected, the others stand for the slots."""


class Slot:
    """Takes the lowest slot in ``folder`` that no living process has, for the lifetime of this process.

    The locks are POSIX locks: forked children do not inherit them, and closing the file would release them all.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._locks = (folder / LOCKS).open("ab")
        self._threads = Lock()  # the file locks exclude processes, not threads
        with self._guarded():
            self.number = self._take_lowest()
            mark_process_dead(self.number, str(folder))

    def discard_dead_processes(self) -> None:
        """Removes the gauges of dead processes, such as open sessions; their counters stay."""
        os.utime(self._locks.fileno())  # keeps cleaners of temporary files from removing it
        with self._guarded():
            for number in self._slots_with_live_values() - {self.number}:
                if self._take(number):
                    mark_process_dead(number, str(self._folder))
                    self._lock(fcntl.LOCK_UN, 1 + number)

    def _slots_with_live_values(self) -> set[int]:
        """Slots with gauges that are valid only while their process lives."""
        return {int(file.stem.rpartition("_")[2]) for file in self._folder.glob("gauge_live*.db")}

    def _take_lowest(self) -> int:
        number = 0
        while not self._take(number):
            number += 1
        return number

    def _take(self, number: int) -> bool:
        try:
            self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB, 1 + number)
        except (BlockingIOError, PermissionError):  # which of them depends on the system
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
