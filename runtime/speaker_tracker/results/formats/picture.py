"""A picture of the timeline, as a PNG."""

from __future__ import annotations

from collections.abc import Sequence

from speaker_tracker.results import plot
from speaker_tracker.results.formats.tracked_file import TrackedFile


def picture(file: TrackedFile) -> bytes:
    """One file. Raises ``MissingExtraError``."""
    return picture_of([file])


def picture_of(files: Sequence[TrackedFile]) -> bytes:
    """Several files, one below the other, ``plot.MAX_PANELS`` at most. Raises ``MissingExtraError``."""
    return plot.draw([_panel(file) for file in files])


def _panel(file: TrackedFile) -> plot.Panel:
    own = [turn for turn in file.reference if turn.uri == file.uri]
    return plot.Panel(file.path.name, file.seconds, file.recorder.online, file.segments, own)
