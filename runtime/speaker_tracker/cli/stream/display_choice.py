"""Chooses the display of ``stream`` that fits standard output."""

from __future__ import annotations

import sys

from rich.console import Console

from speaker_tracker.cli.stream.display import BarDisplay, JsonLinesDisplay, StreamDisplay, TurnsDisplay
from speaker_tracker.cli.stream.live_view import LiveView
from speaker_tracker.cli.stream.source import AudioSource


def display_for(source: AudioSource, url: str, *, as_document: bool) -> StreamDisplay:
    """The display that fits standard output. ``as_document``: only one JSON document is printed, at the end."""
    if as_document:
        return BarDisplay(source)
    if not sys.stdout.isatty():
        return JsonLinesDisplay(source)
    console = Console(highlight=False)
    if console.is_dumb_terminal:
        return TurnsDisplay()
    return LiveView(source, url, console)
