"""Segments for transcripts that are one long list of words."""

from __future__ import annotations

from collections.abc import Iterable

from speaker_tracker.transcripts.labelling import ends_sentence
from speaker_tracker.transcripts.transcript import Segment, Word

MAX_CHARACTERS = 84
"""Two lines of 42 characters, as is usual for subtitles."""
MAX_SECONDS = 7.0
PAUSE_SECONDS = 1.0


def grouped(words: Iterable[Word]) -> list[Segment]:
    """The words as segments, which end with a sentence, before a pause, or where two lines or seven seconds are full."""
    segments: list[Segment] = []
    characters = 0
    for word in words:
        last = segments[-1] if segments else None
        characters += len(word.text) + word.spaced
        if (
            last is None
            or ends_sentence(last.words[-1])
            or word.start - last.end >= PAUSE_SECONDS
            or word.end - last.start > MAX_SECONDS
            or characters > MAX_CHARACTERS
        ):
            segments.append(Segment(word.start, word.end, [word]))
            characters = len(word.text)
        else:
            last.words.append(word)
            last.end = max(last.end, word.end)
    return segments
