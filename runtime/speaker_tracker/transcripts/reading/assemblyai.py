"""JSON of AssemblyAI: ``words`` of a transcript, or its sentences or paragraphs, times in milliseconds."""

from __future__ import annotations

from typing import Any

from speaker_tracker.transcripts.grouping import grouped
from speaker_tracker.transcripts.reading.fields import bounds, objects, seconds, text
from speaker_tracker.transcripts.transcript import Segment, Transcript, TranscriptError, Word
from speaker_tracker.transcripts.words import timed_words, words_of

MS = 0.001
PARTS = ("sentences", "paragraphs", "utterances")


def read(document: Any, name: str) -> Transcript:
    """The transcript of a response. Raises ``TranscriptError``, also if it is not finished."""
    body = document if isinstance(document, dict) else {}
    if body.get("status") not in {None, "completed"}:
        told = text(body, "error")
        raise TranscriptError(
            f"{name} is a transcript of AssemblyAI with the status {body['status']!r}{f': {told}' if told else ''}; "
            "ask for it again when it is completed"
        )
    parts = [_segments(body, key, name) for key in PARTS if body.get(key)]
    words = _words(body, name)
    if words:
        return Transcript("assemblyai", grouped(words), [one for part in parts for one in part])
    if not parts and text(body, "text").strip():
        raise TranscriptError(f"{name} has text without words; keep `words` of the response")
    return Transcript("assemblyai", parts[0] if parts else [], [one for part in parts[1:] for one in part])


def _segments(body: dict[str, Any], key: str, name: str) -> list[Segment]:
    segments = []
    for number, entry in enumerate(objects(body, key, name)):
        where = f"{name}, {key}[{number}]"
        start, end = bounds(entry, where, MS)
        segments.append(Segment(start, end, _words(entry, where) or words_of(text(entry, "text"), start, end), [entry]))
    return segments


def _words(parent: dict[str, Any], where: str) -> list[Word]:
    given = [
        (text(one, "text"), seconds(one, "start", where, MS), seconds(one, "end", where, MS), one)
        for one in objects(parent, "words", where)
    ]
    return timed_words(given, 0.0, max((one[2] or 0.0 for one in given), default=0.0))
