"""Which program wrote a transcript, by what is in it."""

from __future__ import annotations

import re
from typing import Any

from speaker_tracker.transcripts.reading.tables import looks_like_table

SRT_TIMES = re.compile(r"^\s*\d+:\d{1,2}:\d{1,2}[,.]\d+\s*-->\s*\d+:\d{1,2}:\d{1,2}[,.]\d+", re.MULTILINE)
BEGINNING = 20_000
"""Characters in which a kind must show."""


def json_kind(document: Any) -> str | None:
    """Name of the format of parsed JSON, None for one that is not known."""
    if isinstance(document, list):
        return "whisper" if all(isinstance(one, dict) and {"start", "end"} <= one.keys() for one in document) else None
    if not isinstance(document, dict):
        return None
    if isinstance(document.get("transcription"), list):
        return "whisper.cpp"
    results = document.get("results", document.get("response"))
    if isinstance(results, list) or (isinstance(results, dict) and ("channels" in results or _is_of_google(results))):
        return "deepgram" if "channels" in results else "google"
    parts = [one for key in ("words", "utterances", "sentences", "paragraphs") for one in _objects(document, key)]
    if "audio_url" in document or ("segments" not in document and any({"text", "start"} <= one.keys() for one in parts)):
        return "assemblyai"
    return "whisper" if {"segments", "words", "word_segments"} & document.keys() else None


def _is_of_google(results: dict[str, Any]) -> bool:
    """Whether these are the results of a long operation, or of a batch by the names of its files."""
    of_files = (one for one in results.values() if isinstance(one, dict))
    return "results" in results or any({"transcript", "inlineResult"} & one.keys() for one in of_files)


def _objects(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = document.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text_kind(text: str) -> str | None:
    """Name of the format of a text file, None for one that is not known."""
    if text.startswith("WEBVTT"):
        return "vtt"
    if SRT_TIMES.search(text[:BEGINNING]):
        return "srt"
    return looks_like_table(text)
