"""Output formats of results, each in a module of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from speaker_tracker.results.formats.audacity_labels import audacity_labels
from speaker_tracker.results.formats.csv_table import csv_table
from speaker_tracker.results.formats.json_document import as_document, json_document
from speaker_tracker.results.formats.picture import picture, picture_of
from speaker_tracker.results.formats.tracked_file import TrackedFile
from speaker_tracker.results.formats.webvtt import webvtt
from speaker_tracker.results.rttm import rttm_lines

__all__ = ["FORMATS", "Format", "TrackedFile", "as_document", "picture_of"]


@dataclass(frozen=True, slots=True)
class Format:
    """``suffix``: replaces the audio file's ending. ``render``: makes the whole file, text or bytes."""

    name: str
    suffix: str
    render: Callable[[TrackedFile], str | bytes]


def _rttm(file: TrackedFile) -> str:
    return rttm_lines(file.uri, file.segments, file.channel_of, file.names)


FORMATS = {
    form.name: form
    for form in (
        Format("rttm", ".rttm", _rttm),
        Format("json", ".json", json_document),
        Format("csv", ".csv", csv_table),
        Format("audacity", ".labels.txt", audacity_labels),
        Format("vtt", ".vtt", webvtt),
        Format("png", ".png", picture),
    )
}
"""Formats by name, as for ``diarize --format``. The suffix ``.labels.txt`` does not collide with a transcript's ``.txt``."""
