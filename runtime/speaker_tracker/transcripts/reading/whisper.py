"""JSON of openai-whisper, of WhisperX, of faster-whisper's segments, and of OpenAI's API (``verbose_json``).

Segments have ``start``, ``end`` (s) and ``text``; ``words`` of them, where asked for, have ``word``, ``start`` and ``end``.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from speaker_tracker.transcripts.grouping import grouped
from speaker_tracker.transcripts.reading.fields import bounds, objects, seconds, text
from speaker_tracker.transcripts.transcript import Segment, Transcript, TranscriptError, Word
from speaker_tracker.transcripts.words import as_in_text, timed_words, words_of


def read(document: Any, name: str) -> Transcript:
    """The transcript of a document, or of a list of segments alone. Raises ``TranscriptError``."""
    body = {"segments": document} if isinstance(document, list) else document
    segments = [_segment(one, f"{name}, segments[{number}]") for number, one in enumerate(objects(body, "segments", name))]
    listed = _words(body, "words", name)
    aligned = _words(body, "word_segments", name)
    if not segments:
        segments = grouped(listed or aligned)
        if not segments and "segments" not in body and text(body, "text").strip():
            raise TranscriptError(f"{name} has text without times; ask your program for segments or words with times")
        return Transcript("whisper", segments)
    if listed and not any(word.places for segment in segments for word in segment.words):
        _give(segments, listed)
        listed = []
    return Transcript("whisper", segments, [_whole(words) for words in (listed, aligned) if words])


def _segment(entry: dict[str, Any], where: str) -> Segment:
    start, end = bounds(entry, where)
    own = text(entry, "text")
    words = timed_words(_timed(objects(entry, "words", where), where), start, end, own)
    return Segment(start, end, words or words_of(own, start, end), [entry])


def _words(body: dict[str, Any], key: str, name: str) -> list[Word]:
    timed = _timed(objects(body, key, name), f"{name}, {key}")
    return timed_words(timed, 0.0, max((one[2] or 0.0 for one in timed), default=0.0))


def _timed(entries: list[dict[str, Any]], where: str) -> list[tuple[str, float | None, float | None, dict[str, Any]]]:
    words = []
    for number, entry in enumerate(entries):
        place = f"{where}, words[{number}]"
        words.append((text(entry, "word", "text"), seconds(entry, "start", place), seconds(entry, "end", place), entry))
    return words


def _give(segments: list[Segment], words: list[Word]) -> None:
    """Gives the words of the whole document to the segments in whose time they are."""
    order = sorted(range(len(segments)), key=lambda index: segments[index].start)
    starts = [segments[index].start for index in order]
    own: dict[int, list[Word]] = {}
    for word in words:
        own.setdefault(order[max(0, bisect_right(starts, (word.start + word.end) / 2) - 1)], []).append(word)
    for index, given in own.items():
        whole = " ".join(word.text if word.spaced else f"\0{word.text}" for word in segments[index].words).replace(" \0", "")
        segments[index].words = as_in_text(given, whole)


def _whole(words: list[Word]) -> Segment:
    return Segment(words[0].start, max(word.end for word in words), words)
