"""Servers on the loopback that give files as Hugging Face's hub does."""

from http.server import BaseHTTPRequestHandler

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class HubServer(BaseHTTPRequestHandler):
    """Answers requests for ``files``, from paths to contents, to everybody. ``length_known``: whether it says how long they are.

    ``breaks_off``: a path whose content it sends half of. ``elsewhere``: ``host:port`` of a server that has the contents, to
    which it leads as the hub leads to its store; None where it has them itself. ``asked``: the requests, as method, path and token.
    """

    protocol_version = "HTTP/1.1"
    files: dict[str, bytes] = {}  # noqa: RUF012 - set by a subclass
    asked: list[tuple[str, str, str | None]] = []  # noqa: RUF012
    length_known = True
    breaks_off: str | None = None
    elsewhere: str | None = None

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, *_: object) -> None:
        pass

    def refusal(self) -> int | None:
        """The status for who may not have the files; None for who may."""
        return None

    def _answer(self, *, with_body: bool) -> None:
        self.asked.append((self.command, self.path, self.headers.get("Authorization")))
        status, headers, body = 200, {}, b""
        if (refused := self.refusal()) is not None:
            status, headers = refused, {"X-Error-Code": "GatedRepo"}
        elif self.path not in self.files:
            status, headers = 404, {"X-Error-Code": "EntryNotFound"}
        else:
            body = self.files[self.path]
            headers = {"ETag": f'"{len(body)}"', "X-Repo-Commit": COMMIT}
            if self.elsewhere is not None:
                status = 302
                headers |= {"Location": f"http://{self.elsewhere}{self.path}", "X-Linked-Size": str(len(body))}
                body = b""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status == 200 and not self.length_known:  # a body that ends with the connection
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not with_body:
            return
        if self.path == self.breaks_off:
            body, self.close_connection = body[: len(body) // 2], True
        try:
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):  # the client has had enough
            self.close_connection = True
