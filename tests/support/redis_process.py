"""A Redis of a test's own, in memory alone, on a port of the loopback."""

import socket
import subprocess
import time
from pathlib import Path

from support.needed_programs import needed


class RedisProcess:
    """``stop`` and ``start`` end it and start an empty one at the same address; ``pause`` and ``go_on`` have it answer nobody."""

    def __init__(self, folder: Path) -> None:
        self._program, self._folder = needed("redis-server"), folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self._program, "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir", str(self._folder)],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if self.ask(b"PING") == b"+PONG":
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("Redis did not start")

    def ask(self, *words: bytes) -> bytes:
        """The first line of the answer to a command."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
            return connection.makefile("rb").readline().strip()

    def pause(self, seconds: float) -> None:
        self.ask(b"CLIENT", b"PAUSE", str(round(seconds * 1000)).encode(), b"ALL")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(30)
