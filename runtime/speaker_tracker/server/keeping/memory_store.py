"""Sessions kept in the memory of one process: gone when it ends."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from speaker_tracker.server.keeping.store import Claimed

MAX_BYTES = 256 << 20
"""Most bytes that are kept; beyond, the sessions that were saved longest ago are forgotten."""


@dataclass(slots=True)
class _Entry:
    """``data`` is empty of a session that is over."""

    epoch: int
    data: bytes
    expires: float


class MemoryStore:
    """A ``SessionStore``. ``clock``: seconds that only rise."""

    outlives_server = False

    def __init__(self, max_bytes: int = MAX_BYTES, clock: Callable[[], float] = time.monotonic) -> None:
        self._entries: OrderedDict[str, _Entry] = OrderedDict()  # the one saved last is at the end
        self._bytes = 0
        self._max_bytes = max_bytes
        self._clock = clock

    async def create(self, key: str, data: bytes, seconds: float) -> None:
        """As ``SessionStore.create``."""
        self._put(key, 0, data, seconds)

    async def save(self, key: str, epoch: int, data: bytes, seconds: float) -> bool:
        """As ``SessionStore.save``."""
        entry = self._found(key)
        if entry is not None and entry.epoch != epoch:
            return False
        self._put(key, epoch, data, seconds)
        return True

    async def touch(self, key: str, epoch: int, seconds: float) -> bool:
        """As ``SessionStore.touch``."""
        entry = self._found(key)
        return entry is None or await self.save(key, epoch, entry.data, seconds)

    async def claim(self, key: str, seconds: float) -> Claimed | None:
        """As ``SessionStore.claim``."""
        entry = self._found(key)
        if entry is None or not entry.data:
            return None
        self._put(key, entry.epoch + 1, entry.data, seconds)
        return Claimed(entry.epoch + 1, entry.data)

    async def forget(self, key: str, epoch: int) -> None:
        """As ``SessionStore.forget``."""
        entry = self._found(key)
        if entry is not None and entry.epoch == epoch:
            self._bytes -= len(entry.data)
            entry.epoch, entry.data = epoch + 1, b""

    async def close(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._bytes = 0

    def _found(self, key: str) -> _Entry | None:
        self._drop_expired()
        return self._entries.get(key)

    def _put(self, key: str, epoch: int, data: bytes, seconds: float) -> None:
        if key in self._entries:
            self._drop(key)
        self._entries[key] = _Entry(epoch, data, self._clock() + seconds)
        self._bytes += len(data)
        self._drop_expired()
        while self._bytes > self._max_bytes and len(self._entries) > 1:
            self._drop(next(iter(self._entries)))

    def _drop_expired(self) -> None:
        # All are kept equally long, so those saved longest ago expire first.
        while self._entries and (oldest := next(iter(self._entries.items())))[1].expires <= self._clock():
            self._drop(oldest[0])

    def _drop(self, key: str) -> None:
        self._bytes -= len(self._entries.pop(key).data)
