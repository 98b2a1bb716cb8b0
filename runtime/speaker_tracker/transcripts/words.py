"""Words of a text, and times for those that have none of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from speaker_tracker.transcripts.transcript import Word

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"  # kana, Chinese characters
)
"""Characters of scripts without spaces between words."""
CLOSING = "、。，．！？：；）］｝」』】〉》〕…·"  # noqa: RUF001 - those of these scripts
MARKS = "\u0e31\u0e33-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b6-\u17d3"
"""Vowels and tones that are written on the letter before them."""
WORD = re.compile(rf"[{UNSPACED}][{MARKS}]*[{re.escape(CLOSING)}]*|[^\s{UNSPACED}]+")


def split_words(text: str) -> list[tuple[str, bool]]:
    """The words of ``text``, and whether white space comes before each; characters of scripts without spaces count as words."""
    return [(match[0], match.start() == 0 or text[match.start() - 1].isspace()) for match in WORD.finditer(text)]


def space_between(left: str, right: str) -> str:
    """What joins two texts: a space, or nothing between two of a script without spaces."""
    unspaced = re.compile(rf"[{UNSPACED}{MARKS}{re.escape(CLOSING)}]")
    return "" if left and right and unspaced.match(left[-1]) and unspaced.match(right[0]) else " "


def words_of(text: str, start: float, end: float) -> list[Word]:
    """The words of ``text``, which share ``[start, end)`` (seconds) by their characters."""
    parts = split_words(text)
    times = shared([word for word, _ in parts], start, end)
    return [Word(word, *time, spaced=spaced) for (word, spaced), time in zip(parts, times, strict=True)]


def shared(texts: Sequence[str], start: float, end: float) -> list[tuple[float, float]]:
    """Start and end (seconds) of each of ``texts``, which fill ``[start, end)`` by their characters."""
    total = sum(max(1, len(text)) for text in texts) or 1
    bounds = [0]
    for text in texts:
        bounds.append(bounds[-1] + max(1, len(text)))
    at = [start + (end - start) * bound / total for bound in bounds]
    return list(pairwise(at))


def timed_words(
    given: Sequence[tuple[str, float | None, float | None, dict[str, Any]]], start: float, end: float, text: str = ""
) -> list[Word]:
    """Words as a program lists them: text, start, end (seconds, None if not told) and JSON object.

    Those without times share what lies between their neighbours, or the bounds of the segment. ``text``: the segment's, by which
    words have punctuation and spaces, if it has the words in it.
    """
    kept = [one for one in given if one[0].strip()]
    words = []
    index = 0
    while index < len(kept):
        _, begin, stop, place = kept[index]
        if begin is not None and stop is not None:
            words.append(_word(kept[index][0], begin, max(begin, stop), place))
            index += 1
            continue
        last = index
        while last < len(kept) and (kept[last][1] is None or kept[last][2] is None):
            last += 1
        before = words[-1].end if words else start
        after = kept[last][1] if last < len(kept) else end
        times = shared([one[0].strip() for one in kept[index:last]], before, max(before, end if after is None else after))
        words += [_word(one[0], *time, one[3]) for one, time in zip(kept[index:last], times, strict=True)]
        index = last
    return as_in_text(words, text)


def _word(text: str, start: float, end: float, place: dict[str, Any]) -> Word:
    return Word(text.strip(), start, end, places=[place])


def as_in_text(words: list[Word], text: str) -> list[Word]:
    """The words with spaces, punctuation and capitals of ``text``; as they are if it does not have them in this order."""
    starts, position = [], 0
    lower = text.lower()
    searched = lower if len(lower) == len(text) else text
    for word in words:
        found = searched.find(word.text.lower() if searched is lower else word.text, position)
        if found < 0:
            return words
        starts.append(found)
        position = found + len(word.text)
    for number, word in enumerate(words):
        begin = starts[number] if number else 0
        stop = starts[number + 1] if number + 1 < len(words) else len(text)
        own = text[begin:stop]
        word.spaced = begin == 0 or text[begin - 1].isspace()
        word.text = own.strip()
    return words
