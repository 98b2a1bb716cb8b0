"""Keeps sessions on behalf of their connections: one writer a session, at most one save under way, and the latest one wins."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from hashlib import sha256

from speaker_tracker.engine.session import Keeping
from speaker_tracker.server.keeping.sealing import CannotOpen, Seal
from speaker_tracker.server.keeping.store import SessionStore, StoreUnavailable

logger = logging.getLogger(__name__)

COMPLAINT_SECONDS = 60.0
"""Time between two lines in the log about a store that does not work."""
TOUCH_SECONDS = 3.0
"""Time after which the store is told that sessions are still here, and asked whether others have taken them over."""
CLOSING_SECONDS = 3.0
"""Time for saves under way at the end."""


class SessionKeeper:
    """The sessions of this process that can be resumed.

    ``keeping``: what sessions have to know of it. ``seconds``: how long a session is kept after its last save. ``seal``: what
    encrypts them; None: they are kept as they are.
    """

    def __init__(self, store: SessionStore, keeping: Keeping, seconds: float, seal: Seal | None = None) -> None:
        self.keeping = keeping
        self._store = store
        self._seconds = seconds
        self._seal = seal
        self._held: dict[str, HeldSession] = {}
        self._saves: set[asyncio.Task[None]] = set()
        self._complained = -COMPLAINT_SECONDS
        self._touching: asyncio.Task[None] | None = None

    async def create(self, token: str, data: bytes, taken_over: Callable[[], object]) -> HeldSession | None:
        """Keep a new session; None where the store does not work, so that it cannot be resumed.

        ``taken_over``: called when another connection goes on with it.
        """
        key = _key_of(token)
        try:
            await self._store.create(key, self._sealed(token, data), self._seconds)
        except StoreUnavailable as error:
            self._complain(error)
            return None
        return self._hold(HeldSession(self, token, key, 0, taken_over))

    async def claim(self, token: str, taken_over: Callable[[], object]) -> tuple[HeldSession, bytes] | None:
        """Take over the session of ``token``, and end the connection that had it; None if there is no such session.

        Raises ``StoreUnavailable``.
        """
        key = _key_of(token)
        try:
            claimed = await self._store.claim(key, self._seconds)
        except StoreUnavailable as error:
            self._complain(error)
            raise
        if claimed is None:
            return None
        try:
            data = claimed.data if self._seal is None else self._seal.opened(token, claimed.data)
        except CannotOpen as error:
            logger.warning("a session cannot be resumed: %s", error)
            return None
        earlier = self._held.get(key)
        if earlier is not None:
            earlier.lose()
        return self._hold(HeldSession(self, token, key, claimed.epoch, taken_over)), data

    async def close(self) -> None:
        """Wait a moment for saves under way, then close the store."""
        if self._touching is not None:
            self._touching.cancel()
            await asyncio.wait({self._touching})
        if self._saves:
            await asyncio.wait(set(self._saves), timeout=CLOSING_SECONDS)
        await self._store.close()

    # -- for the sessions that are held ------------------------------------------------------------------------------------------

    def _hold(self, held: HeldSession) -> HeldSession:
        self._held[held.key] = held
        if self._touching is None or self._touching.done():
            self._touching = asyncio.create_task(self._touch_all())
        return held

    async def _touch_all(self) -> None:
        """Keep sessions from expiring that are connected and silent, and find those that other processes have taken over."""
        while self._held:
            await asyncio.sleep(min(TOUCH_SECONDS, self._seconds / 3))
            for held in tuple(self._held.values()):
                try:
                    is_ours = await self._store.touch(held.key, held.epoch, self._seconds)
                except StoreUnavailable as error:
                    self._complain(error)
                    break
                if not is_ours:
                    held.lose()

    def let_go(self, held: HeldSession) -> None:
        """Stop telling ``held`` of others who take its session over."""
        if self._held.get(held.key) is held:
            del self._held[held.key]

    def begin(self, save: asyncio.Task[None]) -> None:
        """Remember a save until it is done."""
        self._saves.add(save)
        save.add_done_callback(self._saves.discard)

    async def save(self, held: HeldSession, data: bytes) -> bool:
        """Save ``held``; returns whether that worked. If another connection has taken the session over, ``held`` is told."""
        try:
            if await self._store.save(held.key, held.epoch, self._sealed(held.token, data), self._seconds):
                return True
            held.lose()
        except StoreUnavailable as error:
            self._complain(error)
        return False

    async def forget(self, held: HeldSession) -> None:
        """Remove a session that is over."""
        try:
            await self._store.forget(held.key, held.epoch)
        except StoreUnavailable as error:  # it expires
            self._complain(error)

    def _sealed(self, token: str, data: bytes) -> bytes:
        return data if self._seal is None else self._seal.sealed(token, data)

    def _complain(self, error: StoreUnavailable) -> None:
        now = time.monotonic()
        if now - self._complained >= COMPLAINT_SECONDS:
            self._complained = now
            logger.error("sessions cannot be kept now, and could not be resumed: %s", error)


class HeldSession:
    """A session that this connection may save, until another takes it over. Made by ``SessionKeeper``."""

    def __init__(self, keeper: SessionKeeper, token: str, key: str, epoch: int, taken_over: Callable[[], object]) -> None:
        self.token = token
        self.key = key
        self.epoch = epoch
        self._keeper = keeper
        self._taken_over = taken_over
        self._waiting: tuple[bytes, Callable[[], object]] | None = None
        self._saving: asyncio.Task[None] | None = None
        self._over = False

    def keep(self, data: bytes, stored: Callable[[], object]) -> None:
        """Save ``data`` in the background; ``stored`` is called if that worked. What waits for a save under way is replaced."""
        if self._over:
            return
        self._waiting = (data, stored)
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._save_all())
            self._keeper.begin(self._saving)

    def lose(self) -> None:
        """Another connection has the session now."""
        if not self._over:
            self.let_go()
            self._taken_over()

    def let_go(self) -> None:
        """Save nothing more; the session stays as it was saved last, until it expires. A save under way goes on."""
        self._over = True
        self._keeper.let_go(self)

    async def forget(self) -> None:
        """Remove the session, which is over."""
        if not self._over:
            self.let_go()
            self._waiting = None
            if self._saving is not None:
                await asyncio.wait({self._saving})
            await self._keeper.forget(self)

    async def _save_all(self) -> None:
        while self._waiting is not None:
            (data, stored), self._waiting = self._waiting, None
            if await self._keeper.save(self, data):
                stored()


def _key_of(token: str) -> str:
    return sha256(b"speaker-tracker session " + token.encode(errors="replace")).hexdigest()
