"""A WebSocket over a plain socket, for frames that no client library sends."""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple, Self
from urllib.parse import urlsplit

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
CONTINUATION = 0
MASK = b"\x11\x22\x33\x44"


class Frame(NamedTuple):
    """A frame of the server, which never fragments."""

    opcode: int
    payload: bytes


def frame(  # noqa: PLR0913 - the fields of a frame
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, masked: bool = True, length: bytes = b""
) -> bytes:
    """A frame of a client. ``rsv``: reserved bits, 4, 2 and 1. ``length``: the length as it is written, right by default."""
    if not length:
        size = len(payload)
        if size < 126:
            length = bytes([size])
        elif size < 1 << 16:
            length = b"\x7e" + struct.pack("!H", size)
        else:
            length = b"\x7f" + struct.pack("!Q", size)
    head = bytes([fin << 7 | rsv << 4 | opcode, masked << 7 | length[0]]) + length[1:]
    if not masked:
        return head + payload
    return head + MASK + bytes(value ^ MASK[place % 4] for place, value in enumerate(payload))


def close(code: int, reason: bytes = b"") -> bytes:
    """A close frame of a client."""
    return frame(CLOSE, struct.pack("!H", code) + reason)


class RawWebSocket:
    """A connection to ``url`` whose handshake is done, with ``headers`` besides those that it needs."""

    def __init__(self, url: str, **headers: str) -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=60)
        self._buffer = b""
        lines = [
            f"GET {parts.path}{'?' + parts.query if parts.query else ''} HTTP/1.1",
            "Host: test",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            "Sec-WebSocket-Version: 13",
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        ]
        self.send("\r\n".join([*lines, "", ""]).encode())
        while b"\r\n\r\n" not in self._buffer:
            self._buffer += self.socket.recv(4096)
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send these bytes as they are."""
        self.socket.sendall(data)

    def hear(self) -> Frame | None:
        """The next frame of the server; None once it has closed the connection."""
        head = self._take(2)
        if head is None:
            return None
        assert not head[1] & 0x80, "a server masks nothing (RFC 6455, section 5.1)"
        size = head[1] & 0x7F
        if size == 126:
            size = struct.unpack("!H", self._take(2) or b"")[0]
        elif size == 127:
            size = struct.unpack("!Q", self._take(8) or b"")[0]
        return Frame(head[0] & 0x0F, self._take(size) or b"")

    def hear_close(self) -> int | None:
        """The code that the server closes with, after which it closes the connection; None: a close frame without a code.

        Messages before it are passed over.
        """
        while (heard := self.hear()) is not None:
            if heard.opcode == CLOSE:
                return struct.unpack("!H", heard.payload[:2])[0] if heard.payload else None
        raise AssertionError("the connection was closed without a close frame")

    def is_at_its_end(self) -> bool:
        """Whether the server has closed the connection; waits for it."""
        try:
            return self.hear() is None
        except ConnectionResetError:
            return True

    def _take(self, size: int) -> bytes | None:
        while len(self._buffer) < size:
            if not (more := self.socket.recv(1 << 16)):
                return None
            self._buffer += more
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken
