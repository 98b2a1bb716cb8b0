"""Reading transcripts: each program's format in a module of its own, recognized by what is in the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from speaker_tracker.transcripts.reading import assemblyai, deepgram, google, whisper, whisper_cpp
from speaker_tracker.transcripts.reading.recognizing import json_kind, text_kind
from speaker_tracker.transcripts.reading.subtitles import read_srt, read_webvtt
from speaker_tracker.transcripts.reading.tables import read_csv, read_tsv
from speaker_tracker.transcripts.reading.text_encoding import decoded
from speaker_tracker.transcripts.transcript import Transcript, TranscriptError

JSON_READERS: dict[str, Callable[[Any, str], Transcript]] = {
    "whisper": whisper.read,
    "whisper.cpp": whisper_cpp.read,
    "deepgram": deepgram.read,
    "assemblyai": assemblyai.read,
    "google": google.read,
}
TEXT_READERS: dict[str, Callable[[str, str], Transcript]] = {
    "srt": read_srt,
    "vtt": read_webvtt,
    "csv": read_csv,
    "tsv": read_tsv,
}
KINDS = (*JSON_READERS, *TEXT_READERS)
"""Names of the formats, as for ``label --from``; ``whisper`` is openai-whisper's, faster-whisper's, WhisperX's and OpenAI's."""


def read_transcript(content: bytes, name: str, kind: str | None = None) -> Transcript:
    """The transcript in a file's ``content``. ``name``: the file's, for errors. ``kind``: of ``KINDS``; recognized if None.

    Raises ``TranscriptError``: what the file looks like and what is right, and ``MissingExtraError``.
    """
    text = decoded(content, name)
    if not text.strip():
        raise TranscriptError(f"{name} is empty; name the transcript that your program wrote")
    document = _json(text)
    if document is None and text.lstrip()[0] in "{[" and kind not in TEXT_READERS:
        document = _json_lines(text)
        if document is None and (kind in JSON_READERS or text_kind(text) is None):
            raise TranscriptError(f"{name} looks like JSON, but is cut off or damaged: {_fault(text)}")
    if document is None:
        return _of_text(text, name, kind)
    if kind in TEXT_READERS:
        raise TranscriptError(f"{name} is JSON, not {kind}; leave out --from, or name what wrote it: {', '.join(JSON_READERS)}")
    found = json_kind(document)
    chosen = kind or found
    if chosen is None:
        raise TranscriptError(
            f"{name} is JSON with {_keys(document)}, which is no transcript that is known: Whisper's (faster-whisper, WhisperX), "
            "whisper.cpp's, Deepgram's, AssemblyAI's or Google's, with times; SRT and WebVTT are read as well"
        )
    if found is not None and found != chosen:
        raise TranscriptError(f"{name} looks like JSON of {found}, not of {chosen}; leave out --from")
    transcript = JSON_READERS[chosen](document, name)
    transcript.document = document
    return transcript


def _of_text(text: str, name: str, kind: str | None) -> Transcript:
    if kind in JSON_READERS:
        raise TranscriptError(f"{name} is no JSON, which {kind} writes; leave out --from, or name the JSON file")
    found = kind or text_kind(text)
    if found is None:
        begun = " ".join(text.split())[:40]
        raise TranscriptError(
            f"{name} begins with {begun!r} and is no transcript with times; there are JSON of Whisper, whisper.cpp, Deepgram, "
            "AssemblyAI and Google, SRT, WebVTT, and CSV or TSV with start, end and text"
        )
    return TEXT_READERS[found](text, name)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _json_lines(text: str) -> Any:
    """One object a line, as programs write that give out segments one by one."""
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        return None


def _fault(text: str) -> str:
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        return str(error)
    return "nothing"


def _keys(document: Any) -> str:
    if isinstance(document, dict):
        return f"the keys {', '.join(map(str, list(document)[:6])) or '(none)'}"
    return "a list" if isinstance(document, list) else f"a {type(document).__name__} alone"
