"""Displays of ``stream`` without cursor movement: none, a progress bar, a line of JSON for each message, a line for each turn."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Self

import click
from pydantic_core import to_json

from speaker_tracker.cli.progress import progress_bar
from speaker_tracker.cli.stream.source import AudioSource
from speaker_tracker.cli.tracking_output import TurnPrinter, print_speakers
from speaker_tracker.client import Disconnected, Reconnected, Resumed
from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.protocol import HintMessage, ReportMessage, ServerMessage
from speaker_tracker.protocol.speaker_names import SpeakerNames
from speaker_tracker.results.latency import LatencyHistogram
from speaker_tracker.results.timeline_recorder import TimelineRecorder

CONNECTING = "connecting"
CONNECTED = "connected"
LOST = "connection lost, trying again"
ALL_SENT = "all sent, waiting for the report"


class StreamDisplay:
    """Base of all displays, a context manager around the session; shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Restores the terminal."""

    def state(self, state: str) -> None:
        """Sets the state of the connection, in a few words."""

    def sent(self, seconds: float) -> None:
        """Reports ``seconds`` of audio as sent."""

    def received(self, message: ServerMessage) -> None:
        """Shows a message of the server as it arrives."""

    def labelled(self, segments: list[TimelineSegment]) -> None:
        """Shows segments that were labelled for the first time."""

    def hinted(self, message: HintMessage) -> None:
        """Prints a hint of the server on standard error."""
        click.echo(f"Note: {message.message}", err=True)

    def disconnected(self, event: Disconnected) -> None:
        """Shows that the connection is lost and another is tried."""

    def resumed(self, event: Resumed) -> None:
        """Shows that the session goes on."""

    def reconnected(self, event: Reconnected, first_speaker: int) -> None:
        """Shows that another session continues, with speakers numbered from ``first_speaker``."""

    def refused(self, code: str, message: str) -> None:
        """Shows the server's final error message, which is also raised as an error."""

    def finished(self, report: ReportMessage, recorder: TimelineRecorder) -> None:
        """Shows the result of a successful session; called after the end of the context."""


class BarDisplay(StreamDisplay):
    """A progress bar on standard error, if that is a terminal and the duration is known."""

    def __init__(self, source: AudioSource) -> None:
        self._bar = progress_bar(source.label, source.seconds) if source.seconds is not None else None
        self._advance: Callable[[float], None] = lambda _: None

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._advance = self._bar.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.__exit__(kind, error, trace)

    def sent(self, seconds: float) -> None:
        """Advances the bar."""
        self._advance(seconds)


class JsonLinesDisplay(BarDisplay):
    """A line for each message of the server, as on the wire; with a progress bar if standard output is a file."""

    def __init__(self, source: AudioSource) -> None:
        super().__init__(source)
        if not _is_file():
            self._bar = None

    def received(self, message: ServerMessage) -> None:
        """Prints the message without buffering."""
        click.echo(message.model_dump_json())

    def hinted(self, message: HintMessage) -> None:
        """Prints it also as a message of the server."""
        self.received(message)
        super().hinted(message)

    def disconnected(self, event: Disconnected) -> None:
        """Prints it as a message of its own kind."""
        _print_json(event="disconnected", part=event.part, reason=event.reason)

    def resumed(self, event: Resumed) -> None:
        """Prints it as a message of its own kind."""
        _print_json(event="resumed", part=event.part, audioMs=event.audio_ms)

    def reconnected(self, event: Reconnected, first_speaker: int) -> None:
        """Prints it as a message of its own kind."""
        _print_json(
            event="reconnected", part=event.part, offsetMs=event.offset_ms, lostMs=event.lost_ms, firstSpeakerId=first_speaker
        )

    def refused(self, code: str, message: str) -> None:
        """Prints it as it was on the wire."""
        _print_json(event="error", code=code, message=message)


class TurnsDisplay(StreamDisplay):
    """A line for each finished turn, and a table at the end, for terminals that cannot move the cursor."""

    def __init__(self) -> None:
        self._printer = TurnPrinter()
        self._names = SpeakerNames()

    def received(self, message: ServerMessage) -> None:
        """Takes in names."""
        self._names.add(message)
        self._printer.names = self._names.by_speaker

    def labelled(self, segments: list[TimelineSegment]) -> None:
        """Prints finished turns."""
        self._printer.feed(segments)

    def disconnected(self, event: Disconnected) -> None:  # noqa: ARG002 - the reason is printed at the end
        """Ends the current turn and prints that the connection is lost."""
        self._printer.say(LOST)

    def resumed(self, event: Resumed) -> None:
        """Prints that the session goes on."""
        self._printer.say("connected again, the session goes on", event.audio_ms)

    def reconnected(self, event: Reconnected, first_speaker: int) -> None:
        """Prints where another session continues."""
        self._printer.say(f"goes on in another session, with new speakers from {first_speaker} on", event.offset_ms)

    def finished(self, report: ReportMessage, recorder: TimelineRecorder) -> None:
        """Prints the last turn, the speakers and the latency."""
        self._printer.finish()
        print_speakers(report)
        _print_latency(recorder.latency)


def _print_json(**message: object) -> None:
    click.echo(to_json(message))


def _is_file() -> bool:
    try:
        return stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)
    except (OSError, ValueError):
        return False


def _print_latency(latency: LatencyHistogram) -> None:
    median, p95 = latency.percentile(50), latency.percentile(95)
    if median is not None and p95 is not None:
        click.echo(f"Speech was labelled {median / 1000:.2f} s after it was heard (median; 95 % within {p95 / 1000:.2f} s).")
