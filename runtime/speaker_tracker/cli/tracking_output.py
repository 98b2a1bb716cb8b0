"""How ``stream`` and ``diarize`` show who speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click
from rich import box
from rich.console import Console
from rich.table import Table

from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.protocol import ReportMessage

PAUSE_MS = 500
"""Pauses up to this length do not end a turn on the screen."""


class TurnPrinter:
    """Prints one line a turn, once it is over: fed with stretches in order of start, it joins those with short pauses.

    ``write`` is given each line.
    """

    def __init__(self, write: Callable[[str], object] = click.echo) -> None:
        self._turn: TimelineSegment | None = None
        self._write = write

    def feed(self, segments: Iterable[TimelineSegment]) -> None:
        """Takes further stretches; ``speaker`` None is a pause."""
        for segment in segments:
            turn = self._turn
            if turn is None:
                self._turn = segment if segment.speaker is not None else None
            elif segment.speaker == turn.speaker and segment.start_ms - turn.end_ms <= PAUSE_MS:
                self._turn = TimelineSegment(turn.start_ms, max(turn.end_ms, segment.end_ms), turn.speaker)
            elif segment.speaker is not None or segment.end_ms - turn.end_ms > PAUSE_MS:
                self.finish()
                self._turn = segment if segment.speaker is not None else None

    def say(self, text: str, at_ms: int | None = None) -> None:
        """Prints something else between turns, and the turn that is not over yet before it. ``at_ms``: since when it is so."""
        self.finish()
        self._write(f"{'' if at_ms is None else clock(at_ms):>9}   {'':>9}   {text}")

    def finish(self) -> None:
        """Prints the turn that is not over yet."""
        if self._turn is not None:
            self._write(f"{clock(self._turn.start_ms):>9} - {clock(self._turn.end_ms):>9}   speaker {self._turn.speaker}")
        self._turn = None


def clock(ms: int) -> str:
    """``1:02:03.4``, the hours left out where there are none."""
    tenths = (ms + 50) // 100
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}:{minutes:02}" if hours else f"{minutes}") + f":{rest // 10:02}.{rest % 10}"


def share(part: int, whole: int) -> str:
    """``58 %``, or a dash of nothing."""
    return f"{100 * part / whole:.0f} %" if whole else "-"


def print_speakers(report: ReportMessage) -> None:
    """A table of the speakers with their time and their share of what was spoken."""
    if not report.speakers:
        click.echo("Nobody speaks.")
        return
    spoken = sum(speaker.totalTimeMs for speaker in report.speakers)
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("speaker")
    table.add_column("time", justify="right")
    table.add_column("share", justify="right")
    for speaker in report.speakers:
        table.add_row(f"speaker {speaker.id}", clock(speaker.totalTimeMs), share(speaker.totalTimeMs, spoken))
    Console(highlight=False).print(table)
