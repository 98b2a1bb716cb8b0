"""A server on the loopback that gives a file as Hugging Face's hub does: to those with the right token alone."""

from http.server import BaseHTTPRequestHandler

TOKEN = "hf_right"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class GatedHub(BaseHTTPRequestHandler):
    """Answers requests for ``files``, from paths to contents."""

    protocol_version = "HTTP/1.1"
    files: dict[str, bytes] = {}  # noqa: RUF012 - set by a subclass

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, *, with_body: bool) -> None:
        authorization = self.headers.get("Authorization")
        if authorization != f"Bearer {TOKEN}":
            status, headers, body = 401 if authorization is None else 403, {"X-Error-Code": "GatedRepo"}, b""
        elif self.path in self.files:
            status, body = 200, self.files[self.path]
            headers = {"ETag": f'"{len(body)}"', "X-Repo-Commit": COMMIT}
        else:
            status, headers, body = 404, {"X-Error-Code": "EntryNotFound"}, b""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)
