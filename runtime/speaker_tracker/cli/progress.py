"""Progress on a terminal: on standard error, and only where that is a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

PATH_WIDTH = 40


@contextmanager
def progress_bar(label: str, total: float) -> Iterator[Callable[[float], None]]:
    """A bar that goes away at the end; gives a function that moves it on by some part of ``total``."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(compact=True))
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal, redirect_stdout=False, redirect_stderr=False
    ) as progress:
        task = progress.add_task(label if len(label) <= PATH_WIDTH else "…" + label[1 - PATH_WIDTH :], total=total)
        yield lambda amount: progress.advance(task, amount)
