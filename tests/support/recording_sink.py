"""A real HTTP server that takes events, as a broker does, and answers as it is told."""

import threading
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.http import HTTPMessage, from_http_event

PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> BaseCloudEvent:
        return from_http_event(HTTPMessage(self.headers, self.body))


class RecordingSink:
    """Listens on the loopback. ``answers``: status and headers of the next answers; 202 when there are none left.

    A status of 0 breaks the connection instead; a header that is None is left out.
    While ``open`` is cleared, requests are taken in and held without an answer.
    """

    def __init__(self, *, port: int = 0, context: Any = None) -> None:
        self.answers: deque[tuple[int, dict[str, str | None]]] = deque()
        self.requests: list[Request] = []
        self.open = threading.Event()
        self.open.set()
        self._news = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._scheme = "http"
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self._scheme = "https"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers = sink._take(Request(self.path, dict(self.headers.items()), body))
                sink.open.wait(PATIENCE)
                if not status:
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    if value is not None:
                        self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    def _take(self, request: Request) -> tuple[int, dict[str, str | None]]:
        with self._news:
            self.requests.append(request)
            self._news.notify_all()
            return self.answers.popleft() if self.answers else (202, {})

    @property
    def host(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{self.host}/reports"

    def events(self, count: int) -> list[BaseCloudEvent]:
        """All events so far, once there are ``count``."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.requests) >= count, PATIENCE), f"only {len(self.requests)} came"
            return [request.event for request in self.requests]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.open.set()
        self._server.shutdown()
        self._server.server_close()


def closed_address() -> str:
    """An address of the loopback where nobody listens."""
    with RecordingSink() as sink:
        return sink.url
