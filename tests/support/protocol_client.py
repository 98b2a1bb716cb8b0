"""A client that knows the protocol and nothing else, for servers in other processes."""

import json
import threading
from contextlib import ExitStack
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

FRAME = 3200  # 100 ms
PATIENCE = 120


class ProtocolClient:
    """Hears everything in a thread of its own while it sends; ``messages`` is what it has heard."""

    def __init__(self, url: str, **options: Any) -> None:
        # A ping waits behind the audio that was sent before it, which may take a busy machine longer than usual time-outs.
        options = {"compression": None, "max_queue": None, "open_timeout": 60, "close_timeout": 5, "ping_timeout": None, **options}
        self._open = ExitStack()
        self.connection: ClientConnection = self._open.enter_context(connect(url, **options))
        self.messages: list[dict[str, Any]] = []
        self._news = threading.Condition()
        self._ended = False
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        try:
            for text in self.connection:
                with self._news:
                    self.messages.append(json.loads(text))
                    self._news.notify_all()
        except ConnectionClosed:
            pass
        with self._news:
            self._ended = True
            self._news.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
        self._listener.join(PATIENCE)

    def heard(self, event: str, *, more_than: int = 0, within: float = PATIENCE) -> dict[str, Any]:
        """The latest message of this kind, once there are ``more_than``."""

        def of_this_kind() -> list[dict[str, Any]]:
            return [message for message in self.messages if message["event"] == event]

        with self._news:
            self._news.wait_for(lambda: len(of_this_kind()) > more_than or self._ended, within)
            assert len(of_this_kind()) > more_than, f"{event} not heard; last: {self.messages[-1:]}"
            return of_this_kind()[-1]

    def start(self, **more: Any) -> None:
        self.say(action="start", **more)
        self.heard("started")

    def say(self, **message: Any) -> None:
        self.connection.send(json.dumps(message))

    def stream(self, pcm: bytes, frame: int = FRAME) -> None:
        """Sends audio in frames, as fast as the server takes it."""
        for offset in range(0, len(pcm), frame):
            self.connection.send(pcm[offset : offset + frame])

    def close_code(self, within: float = PATIENCE) -> int | None:
        """How the server closed."""
        with self._news:
            assert self._news.wait_for(lambda: self._ended, within), "the server did not close"
        return self.connection.close_code

    def report(self, within: float = PATIENCE) -> dict[str, Any]:
        """Stops, and hears the report and a normal close."""
        self.say(action="stop")
        report = self.heard("report", within=within)
        assert self.close_code() == 1000
        return report
