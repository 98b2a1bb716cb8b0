"""A program on a terminal of its own, as a person would see it: keys in, a screen out."""

import os
import re
import sys
import time
from collections.abc import Sequence

import pexpect
import pyte


class Terminal:
    """Runs ``command`` on a terminal of ``columns`` by ``lines``; ``environment`` is added to this process's."""

    def __init__(self, command: Sequence[str], *, columns: int = 80, lines: int = 24, **environment: str) -> None:
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        without_size = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}  # pytest-xdist's
        self._process = pexpect.spawn(
            command[0],
            list(command[1:]),
            dimensions=(lines, columns),
            env={**without_size, "TERM": "xterm-256color", "COLORTERM": "", **environment},
            timeout=60,
        )

    @property
    def screen(self) -> str:
        """What is on the screen now, without empty lines at the end."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    def type(self, keys: str) -> None:
        self._process.send(keys)

    def press_ctrl(self, key: str) -> None:
        self._process.sendcontrol(key)

    def shows(self, *texts: str | re.Pattern[str], within: float = 120) -> str:
        """The screen, once all ``texts`` are on it; waits for it. Whatever is not among them may be half drawn."""
        end = time.monotonic() + within
        while missing := self._missing(texts):
            if time.monotonic() > end or not self._read():
                missing = self._missing(texts)
                if not missing:
                    break
                raise AssertionError(f"{missing} not on the screen:\n{self.screen}")
        return self.screen

    def _missing(self, texts: Sequence[str | re.Pattern[str]]) -> list[str]:
        screen = self.screen
        patterns = [re.compile(re.escape(text)) if isinstance(text, str) else text for text in texts]
        return [pattern.pattern for pattern in patterns if not pattern.search(screen)]

    def wait(self, within: float = 120) -> int:
        """The exit status, once it has ended."""
        end = time.monotonic() + within
        while self._read():
            if time.monotonic() > end:
                raise AssertionError(f"it has not ended:\n{self.screen}")
        self._process.wait()
        status = self._process.exitstatus
        return -self._process.signalstatus if status is None else status

    def close(self) -> None:
        self._process.close(force=True)

    def _read(self) -> bool:
        """Takes in what was printed; False at the end."""
        try:
            data = self._process.read_nonblocking(65536, timeout=0.1)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += data
        self._stream.feed(data)
        return True


def speaker_tracker(*arguments: object, **options: object) -> Terminal:
    """The command on a terminal; ``options`` as of ``Terminal``."""
    return Terminal([sys.executable, "-m", "speaker_tracker", *map(str, arguments)], **options)
