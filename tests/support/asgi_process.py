"""The application in a process of another ASGI server: Hypercorn's own command, and uvicorn's."""

import json
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from support.server_process import LoggedProcess, environment_with

PATIENCE = 120
OWN_APP = "speaker_tracker.asgi:app"
COMMANDS = {
    "hypercorn": ("hypercorn", "--bind", "127.0.0.1:0"),
    "uvicorn": ("uvicorn", "--host", "127.0.0.1", "--port", "0"),
}


class AsgiProcess(LoggedProcess):
    """``server``, by its name, with its ``arguments`` and ``app`` on a free port of the loopback, run in ``folder``.

    ``path``: where the application is mounted.
    """

    def __init__(
        self,
        server: str,
        arguments: Sequence[str] = (),
        *,
        app: str = OWN_APP,
        path: str = "",
        folder: Path | None = None,
        **settings: Any,
    ) -> None:
        self.path = path
        super().__init__([sys.executable, "-m", *COMMANDS[server], *arguments, app], environment_with(**settings), folder)

    @property
    def http(self) -> str:
        """``http://...``, where the application is, once one process serves."""
        address = self.logged(r"unning on (http://[^ ]+)")[1].rstrip("/")
        host, port = address.removeprefix("http://").split(":")
        end = time.monotonic() + PATIENCE
        while True:  # uvicorn tells of its workers' address before they listen
            try:
                socket.create_connection((host, int(port)), timeout=PATIENCE).close()
            except ConnectionRefusedError:
                assert time.monotonic() < end, self.log
                time.sleep(0.05)
            else:
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
