"""JSON of Deepgram: ``results.channels[].alternatives[0].words``, times in seconds.

Utterances and paragraphs have the same words again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from speaker_tracker.transcripts.grouping import grouped
from speaker_tracker.transcripts.reading.fields import bounds, objects, seconds, text
from speaker_tracker.transcripts.transcript import Segment, Transcript, TranscriptError, Word
from speaker_tracker.transcripts.words import timed_words, words_of


def read(document: Any, name: str) -> Transcript:
    """The transcript of a response. The first alternative of each channel counts. Raises ``TranscriptError``."""
    results = document["results"] if isinstance(document, dict) and isinstance(document.get("results"), dict) else {}
    segments: list[Segment] = []
    echoes: list[Segment] = []
    for number, channel in enumerate(objects(results, "channels", name)):
        where = f"{name}, channels[{number}]"
        for best in objects(channel, "alternatives", where)[:1]:
            words = _words(best, where)
            if not words and text(best, "transcript").strip():
                raise TranscriptError(f"{where} has a transcript without words; keep `words` of the response")
            segments += grouped(words)
            echoes += _sentences(best, where)
    for number, utterance in enumerate(objects(results, "utterances", name)):
        where = f"{name}, utterances[{number}]"
        start, end = bounds(utterance, where)
        words = _words(utterance, where) or words_of(text(utterance, "transcript"), start, end)
        echoes.append(Segment(start, end, words, [utterance]))
    return Transcript("deepgram", segments, echoes)


def _words(parent: dict[str, Any], where: str) -> list[Word]:
    given = [
        (text(one, "punctuated_word", "word"), seconds(one, "start", where), seconds(one, "end", where), one)
        for one in objects(parent, "words", where)
    ]
    return timed_words(given, 0.0, max((one[2] or 0.0 for one in given), default=0.0))


def _sentences(alternative: dict[str, Any], where: str) -> Iterator[Segment]:
    paragraphs = alternative.get("paragraphs")
    for paragraph in objects(paragraphs, "paragraphs", where) if isinstance(paragraphs, dict) else []:
        own = []
        for sentence in objects(paragraph, "sentences", where):
            start, end = bounds(sentence, where)
            own += words_of(text(sentence, "text"), start, end)
            yield Segment(start, end, words_of(text(sentence, "text"), start, end), [sentence])
        if own:
            yield Segment(own[0].start, own[-1].end, own, [paragraph])
