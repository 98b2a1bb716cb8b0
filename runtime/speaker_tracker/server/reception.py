"""Connections while the chain is loaded that processes are forked from later: questions for health are answered, others held."""

from __future__ import annotations

import logging
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from speaker_tracker.server.starting import JSON, RETRY_SECONDS, TURNED_AWAY, starting_answer

logger = logging.getLogger(__name__)

MAX_HELD = 256
"""Connections that are accepted meanwhile; further ones wait in the queue of the listening socket."""

MAX_HEAD_BYTES = 8192
END_OF_HEAD = b"\r\n\r\n"


class Reception:
    """Holder of connections to ``listening`` sockets until ``leave`` gives them away.

    ``readable``: what has to be watched; ``receive`` is called with what of it is readable. ``told``: what ``/health`` tells
    besides the status. With ``encrypted`` all have to wait, as nobody can look into what they ask.
    """

    def __init__(self, listening: Sequence[socket.socket], told: Mapping[str, Any], *, encrypted: bool) -> None:
        self._listening = tuple(listening)
        self._told = told
        self._encrypted = encrypted
        self._new: list[socket.socket] = []
        self._held: list[socket.socket] = []
        for one in self._listening:
            one.setblocking(False)

    @property
    def readable(self) -> list[socket.socket]:
        """Sockets to watch."""
        has_room = len(self._new) + len(self._held) < MAX_HELD
        return [*(self._listening if has_room else ()), *self._new]

    def receive(self, readable: Sequence[object]) -> None:
        """Accept those who come, answer those who ask for health, hold the others."""
        for connection in [connection for connection in self._new if connection in readable]:
            self._new.remove(connection)
            if not self._answered(connection):
                self._held.append(connection)
        for listening in self._listening:
            if listening in readable:
                with suppress(OSError):  # it is gone again, or there are too many open files: then it waits
                    connection, _ = listening.accept()
                    connection.setblocking(False)
                    (self._held if self._encrypted else self._new).append(connection)

    def leave(self) -> list[socket.socket]:
        """Connections that wait for an answer, which are the caller's from now on."""
        waiting = [*self._held, *self._new]
        self._held, self._new = [], []
        return waiting

    def turn_away(self) -> None:
        """Tell those who wait that there is nothing to wait for; encrypted connections are closed without a word."""
        for connection in self.leave():
            with suppress(OSError), connection:
                if not self._encrypted:
                    _respond(connection, HTTPStatus.SERVICE_UNAVAILABLE, TURNED_AWAY)

    def _answered(self, connection: socket.socket) -> bool:
        """Whether this was a request for health, which now has its answer, or nobody any more; ``connection`` is closed then."""
        try:
            head = connection.recv(MAX_HEAD_BYTES, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            connection.close()
            return True
        method, _, rest = head.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0].decode("ascii", "replace")
        answer = starting_answer(path, self._told) if method == b"GET" and head.endswith(END_OF_HEAD) else None
        if head and answer is None:
            return False
        with suppress(OSError), connection:
            if answer is not None:
                _respond(connection, *answer)
        return True


def _respond(connection: socket.socket, status: HTTPStatus, body: bytes) -> None:
    # What is unread when the connection is closed would reset it, and the answer could be lost.
    with suppress(BlockingIOError):
        connection.recv(MAX_HEAD_BYTES)
    connection.sendall(_response(status, body))


def _response(status: HTTPStatus, body: bytes) -> bytes:
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"content-type: {JSON}",
        f"content-length: {len(body)}",
        *([] if status is HTTPStatus.OK else [f"retry-after: {RETRY_SECONDS}"]),
        "connection: close",
    ]
    return "\r\n".join(lines).encode() + END_OF_HEAD + body
