"""JSON of whisper.cpp (``--output-json``, ``--output-json-full``): ``transcription`` with ``offsets`` in milliseconds.

The full form has tokens, parts of words; one that begins with a space begins a word.
"""

from __future__ import annotations

from typing import Any

from speaker_tracker.transcripts.reading.fields import objects, seconds, text
from speaker_tracker.transcripts.transcript import Segment, Transcript, TranscriptError, Word
from speaker_tracker.transcripts.words import words_of

MS = 0.001
REPLACED = "\ufffd"


def read(document: Any, name: str) -> Transcript:
    """The transcript of a document. Raises ``TranscriptError``."""
    entries = objects(document, "transcription", name)
    return Transcript("whisper.cpp", [_segment(one, f"{name}, transcription[{number}]") for number, one in enumerate(entries)])


def _segment(entry: dict[str, Any], where: str) -> Segment:
    start, end = _offsets(entry, where)
    own = text(entry, "text")
    tokens = [token for token in objects(entry, "tokens", where) if not text(token, "text").startswith("[_")]
    words = _words(tokens, start, where)
    if not words or any(REPLACED in word.text for word in words):
        words = words_of(own, start, end)
    return Segment(start, end, words, [entry])


def _words(tokens: list[dict[str, Any]], begin: float, where: str) -> list[Word]:
    """Words of tokens. Marks without a space before them go to the word before. ``begin``: start of the segment (s)."""
    words: list[Word] = []
    reached = begin
    for number, token in enumerate(tokens):
        part = text(token, "text")
        if not part.strip():
            continue
        # Tokens whose time is not known have no offsets.
        start, end = _offsets(token, f"{where}, tokens[{number}]") if "offsets" in token else (reached, reached)
        reached = end
        if words and not part[0].isspace():
            words[-1].text += part.rstrip()
            words[-1].end = max(words[-1].end, end)
            words[-1].places.append(token)
        else:
            words.append(Word(part.strip(), start, end, places=[token]))
    return words


def _offsets(entry: dict[str, Any], where: str) -> tuple[float, float]:
    offsets = entry.get("offsets")
    if isinstance(offsets, dict):
        start, end = (seconds(offsets, key, where, MS) for key in ("from", "to"))
        if start is not None and end is not None:
            return start, max(start, end)
    raise TranscriptError(f"{where}: it needs offsets with from and to, as whisper.cpp writes them with --output-json")
