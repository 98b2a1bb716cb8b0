"""Connections spread evenly over the processes that share a listening socket.

The system gives a connection to whichever process is awake first, which has favourites. Here a process leaves connections to the
one that has fewest open. It waits for that one only briefly: a process that hangs does not keep clients waiting, and as all
connections wait in the one queue of the listening socket, none is lost with a process that crashes.
"""

from __future__ import annotations

import asyncio
import select
import socket
import time
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from speaker_tracker.server.worker_table import WorkerRow

PAUSE_SECONDS = 0.01
"""Time until a process looks again whether a connection that it left to others is still waiting."""

PATIENCE_SECONDS = 0.2
"""Time after which a process takes a connection that one with fewer should have taken; a busy machine may keep that one so long."""


class CountedConnection(socket.socket):
    """Accepted connection that counts as open in the table of workers until it is closed."""

    row: WorkerRow | None = None

    @classmethod
    def of(cls, accepted: socket.socket, row: WorkerRow) -> CountedConnection:
        """Take over the connection of ``accepted``, which is of no use any more."""
        connection = cls(fileno=accepted.detach())
        connection.row = row
        row.add_connections(1)
        return connection

    def close(self) -> None:
        """Close the connection and count it no more."""
        row, self.row = self.row, None
        super().close()
        if row is not None:
            row.add_connections(-1)


class FairSocket(socket.socket):
    """Stand-in for ``listening`` sockets, for asyncio: ``accept`` gives the connections that are this process's share.

    ``row``: figures of this process. ``held``: connections that were accepted before. The file descriptor is readable when there is
    something to accept. Made and used in the thread of the running event loop.
    """

    def __init__(self, listening: Sequence[socket.socket], row: WorkerRow, held: Iterable[socket.socket] = ()) -> None:
        ours, self._bell = socket.socketpair()
        super().__init__(fileno=ours.detach())
        self.setblocking(False)
        self._bell.setblocking(False)
        self._listening = tuple(listening)
        self._row = row
        self._taken: deque[CountedConnection] = deque()
        self._left_since: dict[int, float] = {}
        self._loop = asyncio.get_running_loop()
        self._ended = False
        for connection in held:
            self._take(connection)
        for one in self._listening:
            one.setblocking(False)
            self._loop.add_reader(one, self._on_waiting, one)
        row.set_listening(listening=True)

    def listen(self, _backlog: int = 0, /) -> None:
        """Do nothing: the sockets behind this one listen already."""

    def accept(self) -> tuple[socket.socket, Any]:
        """Give the next connection and its client's address. Raises ``BlockingIOError`` where there is none."""
        with suppress(BlockingIOError):
            self.recv(1)
        while self._taken:
            connection = self._taken.popleft()
            try:
                return connection, connection.getpeername()
            except OSError:  # the client is gone already
                connection.close()
        raise BlockingIOError

    def close(self) -> None:
        """Take no more connections, and close those that nobody has accepted; the sockets behind this one stay open."""
        if not self._ended:
            self._ended = True
            self._row.set_listening(listening=False)
            for one in self._listening:
                self._loop.remove_reader(one)
            while self._taken:
                self._taken.popleft().close()
            self._bell.close()
        super().close()

    def _on_waiting(self, listening: socket.socket) -> None:
        while self._row.has_fewest or self._was_left_too_long(listening):
            try:
                accepted, _ = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                self._left_since.pop(listening.fileno(), None)
                return
            except OSError:  # such as too many open files: the connection waits, as asyncio would have it
                self._pause(listening)
                return
            self._left_since.pop(listening.fileno(), None)
            self._take(accepted)
        self._left_since.setdefault(listening.fileno(), time.monotonic())
        self._pause(listening)

    def _was_left_too_long(self, listening: socket.socket) -> bool:
        since = self._left_since.get(listening.fileno())
        return since is not None and time.monotonic() - since >= PATIENCE_SECONDS

    def _pause(self, listening: socket.socket) -> None:
        self._loop.remove_reader(listening)
        self._loop.call_later(PAUSE_SECONDS, self._resume, listening)

    def _resume(self, listening: socket.socket) -> None:
        if self._ended:
            return
        waiting = select.poll()
        waiting.register(listening, select.POLLIN)
        if not waiting.poll(0):  # another process has taken it
            self._left_since.pop(listening.fileno(), None)
        self._loop.add_reader(listening, self._on_waiting, listening)

    def _take(self, accepted: socket.socket) -> None:
        self._taken.append(CountedConnection.of(accepted, self._row))
        with suppress(BlockingIOError):  # full of rings that nobody has answered yet
            self._bell.send(b"!")
