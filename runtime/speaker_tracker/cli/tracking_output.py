"""Terminal output of ``stream`` and ``diarize``: turns and tables of speakers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import click
from rich import box
from rich.console import Console
from rich.table import Table

from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.protocol import ReportMessage
from speaker_tracker.results.speaker_names import speaker_name

PAUSE_MS = 500
"""Longest pause that does not end a turn on the screen."""


class TurnPrinter:
    """Prints a line for each finished turn; joins segments, fed in order of start, across short pauses.

    ``write``: called with each line.
    """

    def __init__(self, write: Callable[[str], object] = click.echo) -> None:
        self._turn: TimelineSegment | None = None
        self._write = write

    def feed(self, segments: Iterable[TimelineSegment]) -> None:
        """Adds segments; ``speaker`` None is a pause."""
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
        """Prints another line between turns, after the current turn. ``at_ms``: its time."""
        self.finish()
        self._write(f"{'' if at_ms is None else clock(at_ms):>9}   {'':>9}   {text}")

    def finish(self) -> None:
        """Prints the current turn."""
        if self._turn is not None:
            self._write(f"{clock(self._turn.start_ms):>9} - {clock(self._turn.end_ms):>9}   speaker {self._turn.speaker}")
        self._turn = None


def clock(ms: int) -> str:
    """A time such as ``1:02:03.4``, without hours if there are none."""
    tenths = (ms + 50) // 100
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}:{minutes:02}" if hours else f"{minutes}") + f":{rest // 10:02}.{rest % 10}"


def share(part: int, whole: int) -> str:
    """A percentage such as ``58 %``, or a dash if the total is 0."""
    return f"{100 * part / whole:.0f} %" if whole else "-"


def print_speakers(report: ReportMessage, channel_of: Mapping[int, int] | None = None) -> None:
    """Prints a table of the speakers with their speaking time and its share of the total, and how many more voices there were.

    ``channel_of``: the channel of each speaker, by id, if channels were tracked separately.
    """
    if report.speakers:
        _print_table(report, channel_of)
    else:
        click.echo("Nobody speaks.")
    if others := more_voices(report):
        click.echo(others)


def more_voices(report: ReportMessage) -> str:
    """A sentence on voices beyond those tracked; empty if there were none or the server does not tell."""
    if report.others is None or not report.others.voices:
        return ""
    count, time = report.others.voices, clock(report.others.totalTimeMs)
    return f"{count} more voice{' was' if count == 1 else 's were'} heard, for {time} in all."


def _print_table(report: ReportMessage, channel_of: Mapping[int, int] | None) -> None:
    spoken = sum(speaker.totalTimeMs for speaker in report.speakers)
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("speaker")
    table.add_column("time", justify="right")
    table.add_column("share", justify="right")
    for speaker in report.speakers:
        table.add_row(speaker_name(speaker.id, channel_of or {}), clock(speaker.totalTimeMs), share(speaker.totalTimeMs, spoken))
    Console(highlight=False).print(table)
