"""What every store of sessions does.

A session is kept under a key that tells nothing of the client's token. It has an *epoch*, which grows each time a connection takes
it over: only the latest connection may save it. That a session is over is remembered until it expires, so that nobody who was too
slow to learn of it keeps it anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class StoreUnavailable(Exception):
    """The store does not answer or has no room; the message says why. Trying again later may help."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A session that a connection has taken over: ``data`` as it was saved, and the ``epoch`` to save it with."""

    epoch: int
    data: bytes


class SessionStore(Protocol):
    """Saved sessions by key, each until it expires. All methods raise ``StoreUnavailable``, and wait for seconds at most."""

    outlives_server: bool
    """Whether other servers, or this one after a restart, find what is kept."""

    async def create(self, key: str, data: bytes, seconds: float) -> None:
        """Keep a new session, whose epoch is 0, for ``seconds``."""
        ...

    async def save(self, key: str, epoch: int, data: bytes, seconds: float) -> bool:
        """Replace what is kept, for ``seconds`` from now on; False, and nothing done, where another connection has the session.

        What the store has lost, or let expire, is kept anew.
        """
        ...

    async def touch(self, key: str, epoch: int, seconds: float) -> bool:
        """Keep a session for ``seconds`` from now on; False, and nothing done, where another connection has the session, or had.

        What the store has lost stays lost until it is saved.
        """
        ...

    async def claim(self, key: str, seconds: float) -> Claimed | None:
        """Take a session over, and keep it for ``seconds`` from now on; None if there is none."""
        ...

    async def forget(self, key: str, epoch: int) -> None:
        """Remove a session that is over, unless it has another epoch."""
        ...

    async def close(self) -> None:
        """Release what the store uses. Raises nothing."""
        ...
