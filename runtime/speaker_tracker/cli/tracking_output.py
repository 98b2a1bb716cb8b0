"""Terminal output of ``stream`` and ``diarize``: turns and tables of speakers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.protocol import ReportMessage
from speaker_tracker.results.speaker_names import reported_names, speaker_name

PAUSE_MS = 500
"""Longest pause that does not end a turn on the screen."""


@dataclass(slots=True)
class _Turn:
    start: int
    end: int
    speaker: int


class TurnPrinter:
    """Prints a line for each finished turn, in order of start; turns of speakers who speak at the same time overlap.

    Segments, fed in order of start, are joined across short pauses in which nobody else speaks. ``write``: called with each line.
    """

    def __init__(self, write: Callable[[str], object] = click.echo) -> None:
        self.names: Mapping[int, str] = {}
        """Names of recognized speakers, by id; those known when a turn is printed are."""
        self._turns: list[_Turn] = []
        self._write = write

    def feed(self, segments: Iterable[TimelineSegment]) -> None:
        """Adds segments; ``speaker`` None is a pause."""
        for segment in segments:
            if segment.speaker is None:
                self._print_until(segment.end_ms)
                continue
            own = next((turn for turn in reversed(self._turns) if turn.speaker == segment.speaker), None)
            if own is not None and not self._is_over(own, segment.start_ms):
                own.end = max(own.end, segment.end_ms)
            else:
                self._turns.append(_Turn(segment.start_ms, segment.end_ms, segment.speaker))
            self._print_until(segment.start_ms)

    def say(self, text: str, at_ms: int | None = None) -> None:
        """Prints another line between turns, after those so far. ``at_ms``: its time."""
        self.finish()
        self._write(f"{'' if at_ms is None else clock(at_ms):>9}   {'':>9}   {text}")

    def finish(self) -> None:
        """Prints all turns that are not printed yet."""
        for turn in self._turns:
            self._write(f"{clock(turn.start):>9} - {clock(turn.end):>9}   {speaker_name(turn.speaker, {}, self.names)}")
        self._turns.clear()

    def _print_until(self, position: int) -> None:
        """Prints turns that are over at ``position`` (ms), except those that began after one that goes on."""
        going_on = next((index for index, turn in enumerate(self._turns) if not self._is_over(turn, position)), len(self._turns))
        later = self._turns[going_on:]
        del self._turns[going_on:]
        self.finish()
        self._turns = later

    def _is_over(self, turn: _Turn, position: int) -> bool:
        """Whether a segment of its speaker from ``position`` (ms) on is another turn."""
        interrupted = any(turn.end < other.end and other.start < position for other in self._turns if other is not turn)
        return position - turn.end > PAUSE_MS or (position > turn.end and interrupted)


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
    names = reported_names(report)
    for speaker in report.speakers:
        name = Text(speaker_name(speaker.id, channel_of or {}, names))
        table.add_row(name, clock(speaker.totalTimeMs), share(speaker.totalTimeMs, spoken))
    Console(highlight=False).print(table)
