"""A server in a process of its own, as users start it."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil

# A shell that runs the tests in the background has them ignore Ctrl-C; servers would inherit that, and rightly never end by it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def environment_with(**settings: Any) -> dict[str, str]:
    """``settings`` as environment variables, next to those of this process that are no settings of the server's."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    for name, value in settings.items():
        environment[f"SPEAKER_TRACKER_{name.upper()}"] = value if isinstance(value, str) else json.dumps(value)
    return environment


class LoggedProcess:
    """A command whose standard error is read as it comes."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: Path | None = None) -> None:
        self.process = subprocess.Popen(
            command, env=environment, cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        self.log: list[str] = []
        self._is_whole = False
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()

    def _read_log(self) -> None:
        for line in self.process.stderr:
            with self._news:
                self.log.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._is_whole = True
            self._news.notify_all()

    def logged(self, pattern: str, *, times: int = 1, within: float = 120) -> re.Match[str]:
        """The latest of ``times`` log lines in which ``pattern`` is found; waits for it."""

        def found() -> list[re.Match[str]]:
            return [match for match in (re.search(pattern, line) for line in self.log) if match]

        with self._news:
            self._news.wait_for(lambda: len(found()) >= times or self._is_whole, within)
            if len(found()) < times:
                raise AssertionError(f"{pattern!r} was not logged:\n" + "\n".join(self.log))
            return found()[-1]

    def memory(self) -> int:
        """Bytes of resident memory of the server and its workers."""
        process = psutil.Process(self.process.pid)
        return sum(member.memory_info().rss for member in [process, *process.children(recursive=True)])

    def wait(self, within: float = 60) -> int:
        """The exit status, once it has ended."""
        status = self.process.wait(within)
        self._reader.join(within)
        return status

    def end(self) -> None:
        if self.process.poll() is None:
            members = psutil.Process(self.process.pid).children(recursive=True)
            self.process.kill()
            for member in members:
                try:
                    member.kill()
                except psutil.NoSuchProcess:
                    continue
        self.wait()


class ServerProcess(LoggedProcess):
    """``speaker-tracker serve`` on a free port of the loopback; ``settings`` become environment variables."""

    def __init__(self, *arguments: str, **settings: Any) -> None:
        super().__init__(
            [sys.executable, "-m", "speaker_tracker", "serve", "--port", "0", *arguments], environment_with(**settings)
        )

    @property
    def url(self) -> str:
        """``ws://...`` once it serves."""
        return self.logged(r"serving on (wss?://\S+/ws/session)")[1]

    def health(self, **options: Any) -> tuple[int, dict[str, Any]]:
        """Status and body of ``GET /health``."""
        address = self.url.replace("ws", "http", 1).removesuffix("/ws/session") + "/health"
        try:
            with urllib.request.urlopen(address, timeout=30, **options) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
