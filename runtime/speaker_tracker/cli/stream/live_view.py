"""The live view of ``stream``: who speaks now, speaking times and progress; finished turns scroll by above it."""

from __future__ import annotations

from time import monotonic
from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from speaker_tracker.cli.stream.display import CONNECTED, CONNECTING, LOST, TurnsDisplay
from speaker_tracker.cli.stream.source import AudioSource
from speaker_tracker.cli.stream.speaking_now import SpeakingNow
from speaker_tracker.cli.tracking_output import TurnPrinter, clock, share
from speaker_tracker.client import Disconnected
from speaker_tracker.protocol import ServerMessage, SpeakerMessage, TimelineMessage

REFRESHES_PER_SECOND = 8
COLOURS = ("bright_blue", "yellow", "green", "magenta", "cyan")
"""One for each speaker, from the terminal's own sixteen colours, which users choose to be legible."""
LATE_MS = 3000
"""Delay of the server behind the sent audio from which it is shown."""
LABEL_WIDTH = 24
NAME_WIDTH = 20
MOST_BARS = 10
"""Maximum number of speakers shown, the latest: with each lost connection their number grows."""


class LiveView(TurnsDisplay):
    """The view on ``console`` of one session of ``source`` with the server at ``url``."""

    def __init__(self, source: AudioSource, url: str, console: Console) -> None:
        super().__init__()
        self._printer = TurnPrinter(self._print_above)
        self._source = source
        self._url = url
        self._state = CONNECTING
        self._now = SpeakingNow()
        self._speaking: tuple[int, ...] = ()
        self._times: dict[int, int] = {}
        self._sent_ms = 0.0
        self._worked_ms = 0
        self._begun: float | None = None
        self._console = console
        self._live = Live(
            console=console, get_renderable=lambda: self, refresh_per_second=REFRESHES_PER_SECOND, transient=True, screen=False
        )

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._live.stop()

    def state(self, state: str) -> None:
        """Sets the state shown at the bottom."""
        self._state = state
        self._begun = self._begun or (monotonic() if state == CONNECTED else None)

    def sent(self, seconds: float) -> None:
        """Counts the sent audio."""
        self._sent_ms += 1000 * seconds

    def received(self, message: ServerMessage) -> None:
        """Updates who speaks now, names, speaking times, and position of the server."""
        super().received(message)
        self._now.add(message)
        self._speaking = self._now.speakers
        if isinstance(message, SpeakerMessage):
            self._times = dict(sorted(message.speakingTimeMs.items()))
        elif isinstance(message, TimelineMessage):
            self._worked_ms = message.audioMs

    def disconnected(self, event: Disconnected) -> None:
        """Shows nobody as speaking until there is another session."""
        super().disconnected(event)
        self._now.clear()
        self._speaking = ()

    def _print_above(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Renders the view; called several times a second, on a thread of rich."""
        yield Group(Text(), self._speakers_now(options), Text(), *self._bars(options), Text(), *self._standing(options))

    def _speakers_now(self, options: ConsoleOptions) -> RenderableType:
        if self._state == LOST:
            return Text("  not connected", style="dim")
        speaking = self._speaking
        if not speaking:
            return Text("  nobody speaks" if self._worked_ms else "  listening", style="dim")
        first, *others = speaking
        line = Text(f"  {'>' if options.ascii_only else '●'}  {self._name(first, 'SPEAKER')}", style=f"bold {_colour(first)}")
        for speaker in others:
            line.append(" and " if speaker == others[-1] else ", ", style="default")
            line.append(self._name(speaker, "SPEAKER"), style=_colour(speaker))
        return line.append("  speak" if others else "  speaks", style=_colour(speaking[-1]))

    def _bars(self, options: ConsoleOptions) -> list[RenderableType]:
        times, speaking = self._times, self._speaking
        if not times:
            return []
        spoken, longest = sum(times.values()), max(times.values())
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        shown = list(times.items())[-MOST_BARS:]
        for justify in ("left", "left", "right", "right"):
            table.add_column(justify=justify, ratio=1 if justify == "left" and len(table.columns) == 1 else None, no_wrap=True)
        mark = ">" if options.ascii_only else "▶"
        for speaker, ms in shown:
            colour = _colour(speaker)
            bar = ProgressBar(total=max(longest, 1), completed=ms, complete_style=colour, finished_style=colour)
            name = f"{mark if speaker in speaking else ' '} {self._name(speaker)}"
            style = f"bold {colour}" if speaker in speaking else colour
            table.add_row(Text(name, style=style), bar, clock(ms), share(ms, spoken))
        return [table]

    def _name(self, speaker: int, word: str = "speaker") -> str:
        """The speaker's name, shortened to fit, or ``word`` and the id."""
        name = self._names.by_speaker.get(speaker, f"{word} {speaker}")
        return name if len(name) <= NAME_WIDTH else f"{name[: NAME_WIDTH - 1]}…"

    def _standing(self, options: ConsoleOptions) -> list[RenderableType]:
        separator = " - " if options.ascii_only else " · "
        ending = f"{separator}Ctrl-C ends it" if self._source.live and self._state in {CONNECTED, LOST} else ""
        connection = f"{self._state}{separator}{self._url}{ending}"
        style = "bold" if self._state == LOST else "dim"
        return [self._position(), Text(connection, style=style, overflow="ellipsis", no_wrap=True)]

    def _position(self) -> RenderableType:
        """Progress: for a file a bar and the speed, for other sources the delay of the server."""
        total = self._source.seconds
        row = Table.grid(padding=(0, 2, 0, 0), expand=True)
        row.add_column(no_wrap=True, overflow="ellipsis", max_width=LABEL_WIDTH)
        row.add_column(no_wrap=True)
        row.add_column(ratio=1)
        row.add_column(no_wrap=True)
        if total is None:
            behind = self._sent_ms - self._worked_ms
            is_late = self._worked_ms and behind > LATE_MS and self._state != LOST
            late = f"the server is {behind / 1000:.0f} s behind" if is_late else ""
            row.add_row(Text(self._source.label), _time(self._worked_ms), late, "")
        else:
            total_ms = 1000 * total
            bar = ProgressBar(total=total_ms, completed=min(self._worked_ms, total_ms), complete_style="none")
            row.add_row(Text(self._source.label), f"{_time(self._worked_ms)} of {_time(total_ms)}", bar, self._speed())
        return row

    def _speed(self) -> str:
        if self._begun is None or not self._worked_ms:
            return ""
        return f"{self._worked_ms / 1000 / max(monotonic() - self._begun, 0.001):.1f}x"


def _colour(speaker: int) -> str:
    return COLOURS[speaker % len(COLOURS)]


def _time(ms: float) -> str:
    minutes, seconds = divmod(int(ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
