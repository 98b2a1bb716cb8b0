"""JSON of Google Speech-to-Text, v1 and v2: ``results[].alternatives[0].words``, times such as ``"1.400s"``.

Times that are 0 are left out by its JSON. An answer of a long operation has the results in ``response``, one of a batch in an
object for each file. With its own diarization on, v1 repeats all words in a last result.
"""

from __future__ import annotations

import re
from typing import Any

from speaker_tracker.transcripts.grouping import grouped
from speaker_tracker.transcripts.reading.fields import objects, text
from speaker_tracker.transcripts.transcript import Segment, Transcript, TranscriptError, Word
from speaker_tracker.transcripts.words import words_of

STARTS = ("startTime", "startOffset", "start_time", "start_offset")
ENDS = ("endTime", "endOffset", "end_time", "end_offset")
RESULT_ENDS = ("resultEndTime", "resultEndOffset", "result_end_time", "result_end_offset")


def read(document: Any, name: str) -> Transcript:
    """The transcript of a response; the first alternative of each result counts. Raises ``TranscriptError``."""
    results = _results(document, name)
    read_already = 0.0
    parts: list[tuple[list[Word], list[Segment]]] = []
    for number, result in enumerate(results):
        where = f"{name}, results[{number}]"
        for best in objects(result, "alternatives", where)[:1]:
            words = [_word(one, where) for one in objects(best, "words", where) if text(one, "word").strip()]
            told = _time(result, RESULT_ENDS, where)
            if words:
                parts.append((words, grouped(words)))
            elif text(best, "transcript").strip():
                if told is None:
                    raise TranscriptError(
                        f"{where} has a transcript without times; ask for them by enableWordTimeOffsets, as the API calls it"
                    )
                parts.append(([], [Segment(read_already, told, words_of(text(best, "transcript"), read_already, told), [best])]))
            read_already = told if told is not None else words[-1].end if words else read_already
    echo = _is_repetition(parts)
    kept = parts[:-1] if echo else parts
    return Transcript("google", [one for _, own in kept for one in own], parts[-1][1] if echo else [])


def _is_repetition(parts: list[tuple[list[Word], list[Segment]]]) -> bool:
    earlier = [(word.text, word.start) for words, _ in parts[:-1] for word in words]
    return bool(earlier) and earlier == [(word.text, word.start) for word in parts[-1][0]]


def _results(document: Any, name: str) -> list[dict[str, Any]]:
    """The list of results, wherever it is in the document."""
    body = document
    while isinstance(body, dict):
        if isinstance(body.get("results"), list):
            return objects(body, "results", name)
        below = [body[key] for key in ("response", "results", "transcript", "inlineResult") if isinstance(body.get(key), dict)]
        if not below:
            files = [one for one in body.values() if isinstance(one, dict) and {"transcript", "inlineResult"} & one.keys()]
            if len(files) > 1:
                raise TranscriptError(f"{name} has transcripts of {len(files)} recordings; label one at a time")
            below = files
        body = below[0] if below else None
    if isinstance(document, dict) and {"results", "response"} & document.keys():
        return []
    raise TranscriptError(f"{name} has no results, as an answer of Google Speech-to-Text has")


def _word(entry: dict[str, Any], where: str) -> Word:
    start, end = _time(entry, STARTS, where) or 0.0, _time(entry, ENDS, where)
    if end is None:
        raise TranscriptError(f"{where}: words have no times; ask for them by enableWordTimeOffsets, as the API calls it")
    return Word(text(entry, "word").strip(), start, max(start, end), places=[entry])


def _time(entry: dict[str, Any], keys: tuple[str, ...], where: str) -> float | None:
    value = next((entry[key] for key in keys if entry.get(key) is not None), None)
    if value is None:
        return None
    if isinstance(value, dict):
        try:
            return float(value.get("seconds", 0)) + float(value.get("nanos", 0)) / 1e9
        except (TypeError, ValueError):
            pass
    elif isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?s", value):
        return float(value[:-1])
    raise TranscriptError(f"{where}: a time is written as '1.400s', not {str(value)[:40]!r}")
