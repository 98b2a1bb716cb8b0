"""Certificate and key of the server, taken anew when their files are renewed."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from pathlib import Path

from hypercorn.config import Config

from speaker_tracker.server.file_watch import LOOK_SECONDS, FileWatch

logger = logging.getLogger(__name__)


class RenewingConfig(Config):
    """Configuration of Hypercorn whose TLS context follows the files of certificate and key while the event loop runs."""

    def create_ssl_context(self) -> ssl.SSLContext | None:
        """Make the context of the running event loop's server; None without TLS."""
        if self.certfile is None or self.keyfile is None:
            return None
        renewing = RenewingContext(Path(self.certfile), Path(self.keyfile), super().create_ssl_context)
        renewing.follow(asyncio.get_running_loop())
        return renewing.context


class RenewingContext:
    """``context`` for a server, whose handshakes use the pair of ``cert`` and ``key`` that was read last.

    A renewed pair becomes a context of its own, made by ``make``, so that one that is broken harms nothing: the pair before stays.
    Connections that are open keep theirs.
    """

    def __init__(self, cert: Path, key: Path, make: Callable[[], ssl.SSLContext | None]) -> None:
        self._files = f"{cert} and {key}"
        self._make = make
        self._watch = FileWatch(cert, key)
        self._current = self.context = self._made()
        self._failed = 0
        self.context.sni_callback = self._choose

    def follow(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look for renewed files every ``LOOK_SECONDS`` from now on."""
        loop.call_later(LOOK_SECONDS, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self.follow(loop)
        changed = self._watch.changed()
        if changed:
            self._failed = 0
        # The two files are not renewed in one moment: what does not fit now is looked at once more, and only then complained of.
        if changed or self._failed == 1:
            self._take()

    def _take(self) -> None:
        try:
            self._current = self._made()
        except (OSError, ValueError) as error:  # an ssl.SSLError is an OSError
            self._failed += 1
            if self._failed > 1:
                logger.error("%s are no certificate and its key (%s); those read before stay in use", self._files, error)
        else:
            self._failed = 0
            logger.info("%s were renewed, and are used for new connections", self._files)

    def _made(self) -> ssl.SSLContext:
        made = self._make()
        assert made is not None  # noqa: S101 - there are both files
        return made

    def _choose(self, connection: ssl.SSLObject, _server_name: str | None, _context: ssl.SSLContext) -> None:
        """Have a handshake use the current pair; OpenSSL calls it whether or not the client names a server."""
        if self._current is not self.context:
            connection.context = self._current
