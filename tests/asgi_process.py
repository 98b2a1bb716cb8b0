"""The application in a process of another ASGI server: Hypercorn's own command, and uvicorn's."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from server_process import LoggedProcess, environment_with

OWN_APP = "speaker_tracker.asgi:app"
COMMANDS = {
    "hypercorn": ("hypercorn", "--bind", "127.0.0.1:0"),
    "uvicorn": ("uvicorn", "--host", "127.0.0.1", "--port", "0"),
}


class AsgiProcess(LoggedProcess):
    """``server``, by its name, with its ``arguments`` and ``app`` on a free port of the loopback, run in ``folder``.

    ``path``: where the application is mounted. ``waits``: whether the server runs a lifespan, which is waited for.
    """

    def __init__(
        self,
        server: str,
        arguments: Sequence[str] = (),
        app: str = OWN_APP,
        path: str = "",
        folder: Path | None = None,
        waits: bool = True,
        **settings: Any,
    ) -> None:
        self._server = server
        self._waits = waits
        self.path = path
        super().__init__([sys.executable, "-m", *COMMANDS[server], *arguments, app], environment_with(**settings), folder)

    @property
    def http(self) -> str:
        """``http://...``, where the application is, once one process serves."""
        address = self.logged(r"unning on (http://[^ ]+)")[1].rstrip("/")
        if self._waits and self._server == "uvicorn":  # whose parent says so before its workers have started
            self.logged("Application startup complete")
        return address + self.path

    @property
    def url(self) -> str:
        """``ws://...``"""
        return self.http.replace("http", "ws", 1) + "/ws/session"

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body of a GET below the application's path."""
        try:
            with urllib.request.urlopen(self.http + path, timeout=60) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def health(self) -> tuple[int, dict[str, Any]]:
        """Status and body of ``GET /health``."""
        status, body = self.get("/health")
        return status, json.loads(body)
