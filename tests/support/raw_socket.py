"""A WebSocket client that can do what no library does: frames that are wrong, half closed and reset connections (RFC 6455)."""

import base64
import os
import select
import socket
import struct
from dataclasses import dataclass
from urllib.parse import urlsplit

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
PATIENCE = 60.0
"""Seconds for the server to answer, or to take what is sent."""


@dataclass(frozen=True)
class Frame:
    """A frame of the server."""

    opcode: int
    data: bytes

    @property
    def close_code(self):
        return struct.unpack_from(">H", self.data)[0] if len(self.data) >= 2 else 1005


def frame(opcode, data=b"", *, fin=True, reserved=0, masked=True, length=None):  # noqa: PLR0913 - what a frame has
    """The bytes of a frame; ``length``: what it says to have, if that is not true."""
    told = len(data) if length is None else length
    head = bytes([fin << 7 | reserved << 4 | opcode])
    mark = masked << 7
    if told < 126:
        head += bytes([mark | told])
    elif told < 1 << 16:
        head += bytes([mark | 126]) + struct.pack(">H", told)
    else:
        head += bytes([mark | 127]) + struct.pack(">Q", told)
    return head + (b"\0\0\0\0" if masked else b"") + data  # a mask of zeros leaves data as it is


def close_frame(code=1000):
    return frame(CLOSE, struct.pack(">H", code))


class RawSocket:
    """A connection; with ``handshake`` a WebSocket, otherwise nothing has been sent yet."""

    def __init__(self, url, *, handshake=True):
        parts = urlsplit(url)
        self.path, self.host = parts.path, parts.netloc
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = bytearray()
        if handshake:
            self.send(self.request())
            answer = self.http_answer()
            if not answer.startswith(b"HTTP/1.1 101 "):
                raise ConnectionError(f"no WebSocket: {answer[:200]!r}")

    def request(self, **headers):
        """A handshake; ``headers`` replace its own, None leaves one out."""
        lines = {
            "Host": self.host,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Version": "13",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        head = [f"GET {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items() if value is not None)]
        return "\r\n".join([*head, "", ""]).encode("latin-1")

    def send(self, data):
        """Raises ``OSError`` where the server is gone, ``TimeoutError`` where it does not take the data."""
        self._socket.sendall(data)

    def http_answer(self):
        """The head of an answer; nothing if the server closed without one."""
        while (end := self._received.find(b"\r\n\r\n")) < 0:
            if not self._receive_more(PATIENCE):
                return b""
        head = bytes(self._received[: end + 4])
        del self._received[: end + 4]
        return head

    def frame(self, within=PATIENCE):
        """The next frame of the server, None at the end of the connection; ``TimeoutError`` if there is none in time."""
        while (found := self._first_frame()) is None:
            if not self._receive_more(within):
                return None
        return found

    def _first_frame(self):
        data = self._received
        if len(data) < 2:
            return None
        length, begin = data[1] & 0x7F, 2
        if length == 126 and len(data) >= 4:
            length, begin = struct.unpack_from(">H", data, 2)[0], 4
        elif length == 127 and len(data) >= 10:
            length, begin = struct.unpack_from(">Q", data, 2)[0], 10
        elif length >= 126:
            return None
        if len(data) < begin + length:
            return None
        found = Frame(data[0] & 0x0F, bytes(data[begin : begin + length]))
        del data[: begin + length]
        return found

    def _receive_more(self, within):
        if not select.select([self._socket], [], [], within)[0]:
            raise TimeoutError(f"the server sent nothing for {within:g} s")
        data = self._socket.recv(1 << 16)
        self._received += data
        return bool(data)

    def end_of_file(self):
        """Sends no more, and still reads."""
        self._socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Closes with a reset, as when a machine has lost the connection."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def drop(self):
        """Closes the socket without a word."""
        self._socket.close()
