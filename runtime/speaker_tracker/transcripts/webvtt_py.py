"""The library that reads and writes subtitles, loaded when it is needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from speaker_tracker.errors import MissingExtraError


def webvtt_module() -> Any:
    """The module ``webvtt`` of webvtt-py. Raises ``MissingExtraError``."""
    try:
        return import_module("webvtt")
    except ImportError as error:
        raise MissingExtraError.of("reading and writing subtitles", "webvtt-py", "transcripts") from error
