"""Cues with one speaker each, of segments in which several may speak."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import groupby

from speaker_tracker.transcripts.transcript import Segment, joined
from speaker_tracker.transcripts.words import space_between


@dataclass(frozen=True, slots=True)
class Cue:
    """``text``, spoken by ``speaker`` (None: nobody) in ``[start, end)`` (seconds).

    ``markup``: the text with the tags of its file, if the whole cue is by one speaker. ``settings``: as of ``Segment``.
    """

    start: float
    end: float
    speaker: str | None
    text: str
    markup: str | None = None
    settings: str = ""


def cues_of(segments: Sequence[Segment]) -> list[Cue]:
    """The segments in order of time, split where the voice changes."""
    return [cue for segment in sorted(segments, key=lambda one: one.start) for cue in _split(segment)]


def _split(segment: Segment) -> Iterator[Cue]:
    parts = [list(words) for _, words in groupby(segment.words, key=lambda word: word.speaker)]
    start = segment.start
    for number, words in enumerate(parts):
        last = number == len(parts) - 1
        end = max(start, segment.end if last else min(max(words[-1].end, start), segment.end))
        markup = segment.markup if len(parts) == 1 else None
        yield Cue(start, end, words[0].speaker, joined(words), markup, segment.settings)
        start = end if last else min(max(end, parts[number + 1][0].start), max(end, segment.end))


def by_turns(cues: Sequence[Cue]) -> list[Cue]:
    """The cues joined as long as the same speaker goes on."""
    turns = []
    for _, group in groupby(cues, key=lambda cue: cue.speaker):
        own = list(group)
        text = reduce(lambda before, after: f"{before}{space_between(before, after)}{after}", (cue.text for cue in own))
        turns.append(Cue(own[0].start, max(cue.end for cue in own), own[0].speaker, text))
    return turns
