"""Fields of JSON documents that other programs wrote."""

from __future__ import annotations

from math import isfinite
from typing import Any

from speaker_tracker.transcripts.transcript import TranscriptError


def objects(parent: dict[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    """The objects in the list ``key``; none if there is no such list. Raises ``TranscriptError`` if it is something else."""
    value = parent.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise TranscriptError(f"{where}: {key} must be a list of objects")
    return value


def text(parent: dict[str, Any], *keys: str) -> str:
    """The first of ``keys`` that is text; empty if none is."""
    return next((value for key in keys if isinstance(value := parent.get(key), str)), "")


def seconds(parent: dict[str, Any], key: str, where: str, unit: float = 1.0) -> float | None:
    """A time in seconds, None if there is none (also NaN). ``unit``: seconds of 1. Raises ``TranscriptError``."""
    value = parent.get(key)
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise TranscriptError(f"{where}: {key} must be a time of 0 or more, not {str(value)[:40]!r}")
    return value * unit


def bounds(parent: dict[str, Any], where: str, unit: float = 1.0) -> tuple[float, float]:
    """``start`` and ``end`` of a segment in seconds, the end not before the start. Raises ``TranscriptError``."""
    start, end = (seconds(parent, key, where, unit) for key in ("start", "end"))
    if start is None or end is None:
        raise TranscriptError(f"{where}: a segment needs start and end, and this one has {', '.join(parent) or 'nothing'}")
    return start, max(start, end)
