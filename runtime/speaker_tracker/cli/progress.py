"""Progress bars on standard error, shown only on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

PATH_WIDTH = 40


@contextmanager
def progress_bar(label: str, total: float) -> Iterator[Callable[[float], None]]:
    """A bar that disappears at the end; yields a function that advances it by some part of ``total``."""
    with _bars() as progress:
        task = progress.add_task(_shortened(label), total=total)
        yield lambda amount: progress.advance(task, amount)


class FilesProgress:
    """A bar for the current file and, if there are several, one for all files; a context manager.

    ``seconds``: total duration of the files. ``count``: number of files.
    """

    def __init__(self, count: int, seconds: float) -> None:
        self._progress = _bars()
        self._count, self._done = count, 0
        self._all = self._progress.add_task(self._standing, total=seconds) if count > 1 else None

    @property
    def _standing(self) -> str:
        return f"{self._done} of {self._count} files"

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    @contextmanager
    def waiting(self, label: str) -> Iterator[None]:
        """Shows activity of unknown duration."""
        task = self._progress.add_task(label, total=None)
        try:
            yield
        finally:
            self._progress.remove_task(task)

    @contextmanager
    def file(self, label: str, seconds: float) -> Iterator[Callable[[float], None]]:
        """The bar of one file; yields a function that advances it, and that of all files, by seconds of audio."""
        task = self._progress.add_task(_shortened(label), total=seconds)

        def advance(amount: float) -> None:
            self._progress.advance(task, amount)
            if self._all is not None:
                self._progress.advance(self._all, amount)

        try:
            yield advance
        finally:
            self._progress.remove_task(task)
            self._done += 1
            if self._all is not None:
                self._progress.update(self._all, description=self._standing)

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Hides the bars while something else is printed."""
        self._progress.stop()
        try:
            yield
        finally:
            self._progress.start()


def _bars() -> Progress:
    console = Console(stderr=True)
    columns: tuple[ProgressColumn, ...] = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(compact=True),
    )
    disable = not console.is_terminal or console.is_dumb_terminal
    return Progress(*columns, console=console, transient=True, disable=disable, redirect_stdout=False, redirect_stderr=False)


def _shortened(label: str) -> str:
    return label if len(label) <= PATH_WIDTH else "…" + label[1 - PATH_WIDTH :]
