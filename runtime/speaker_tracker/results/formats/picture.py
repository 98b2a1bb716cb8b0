"""Pictures of timelines as PNG."""

from __future__ import annotations

from collections.abc import Sequence

from speaker_tracker.results import plot
from speaker_tracker.results.formats.tracked_file import TrackedFile
from speaker_tracker.results.panel import Panel

NAME_WIDTH = 24
"""Longest name in a picture, in characters."""


def picture(file: TrackedFile) -> bytes:
    """PNG of one file. Raises ``MissingExtraError``."""
    return picture_of([file])


def picture_of(files: Sequence[TrackedFile]) -> bytes:
    """PNG of several files, one below the other, at most ``plot.MAX_PANELS``. Raises ``MissingExtraError``."""
    return plot.draw([_panel(file) for file in files])


def _panel(file: TrackedFile) -> Panel:
    own = [turn for turn in file.reference if turn.uri == file.uri]
    names = {speaker: _shortened(name) for speaker, name in file.names.items()}
    return Panel(file.path.name, file.seconds, file.recorder.online, file.segments, own, channel_of=file.channel_of, names=names)


def _shortened(name: str) -> str:
    return name if len(name) <= NAME_WIDTH else f"{name[: NAME_WIDTH - 1]}…"
