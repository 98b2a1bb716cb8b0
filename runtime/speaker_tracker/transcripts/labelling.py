"""Gives each word its speaker."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from speaker_tracker.transcripts.transcript import Segment, Transcript, Word
from speaker_tracker.transcripts.turns import SpeakerTurn

GAP_SECONDS = 1.0
"""Default of how far from a turn a word may lie."""
SNAP_SECONDS = 0.5
SNAP_WORDS = 2
"""How far a change of voice is moved to the end of a sentence."""
SHORTEST = 0.001
SENTENCE_ENDS = tuple(".?!…。？！؟۔।॥")  # noqa: RUF001 - of all scripts
CLOSERS = "\"'”’»›)]}」』】）"  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class Labelled:
    """``words``: how many there are. ``nobody``: how many of them lie too far from all turns."""

    words: int
    nobody: int


def label(transcript: Transcript, turns: Sequence[SpeakerTurn], gap_seconds: float = GAP_SECONDS) -> Labelled:
    """Sets ``speaker`` of all words to names of ``turns``.

    A word is by whoever speaks for most of its time, of several that are equal whoever spoke before. Where nobody speaks, it is of
    the nearest turn within ``gap_seconds``. A change of voice in a segment moves to the end of a sentence that is near.
    """
    timeline = Timeline(turns)
    for segments in (transcript.segments, transcript.echoes):
        before: str | None = None
        for segment in segments:
            for word in segment.words:
                word.speaker = timeline.speaker(word.start, word.end, before, gap_seconds)
                before = word.speaker or before
            move_changes(segment.words)
    words = transcript.words
    return Labelled(len(words), sum(word.speaker is None for word in words))


class Timeline:
    """Turns, to be asked who speaks."""

    def __init__(self, turns: Sequence[SpeakerTurn]) -> None:
        self._turns = sorted((turn for turn in turns if turn.end > turn.start), key=lambda turn: (turn.start, turn.end))
        self._starts = [turn.start for turn in self._turns]
        self._latest = list(accumulate((turn.end for turn in self._turns), max))
        """For each turn, when the last of it and those before it ends."""

    def speaker(self, start: float, end: float, before: str | None, gap_seconds: float) -> str | None:
        """Who speaks for most of ``[start, end)`` (seconds), or nearest to it; None beyond ``gap_seconds``.

        ``before``: who spoke before, and has precedence over others that are equal.
        """
        end = max(end, start + SHORTEST)
        following = bisect_left(self._starts, end)
        times: dict[str, float] = {}
        nearest = {self._turns[following].name: self._starts[following] - end} if following < len(self._turns) else {}
        for index in range(following - 1, -1, -1):
            if self._latest[index] < start - gap_seconds:
                break
            turn = self._turns[index]
            shared = min(end, turn.end) - max(start, turn.start)
            if shared > 0:
                times[turn.name] = times.get(turn.name, 0.0) + shared
            else:
                nearest[turn.name] = min(nearest.get(turn.name, -shared), -shared)
        if times:
            return _first(times, max(times.values()), before)
        distance = min(nearest.values(), default=gap_seconds + 1)
        return _first(nearest, distance, before) if distance <= gap_seconds else None


def _first(values: dict[str, float], wanted: float, before: str | None) -> str:
    equal = [name for name, value in values.items() if abs(value - wanted) < SHORTEST / 10]
    return before if before in equal else equal[-1]


def ends_sentence(word: Word) -> bool:
    """Whether a sentence ends with the word."""
    return word.text.rstrip(CLOSERS).endswith(SENTENCE_ENDS)


def move_changes(words: Sequence[Word]) -> None:
    """Moves each change of voice to the nearest end of a sentence within ``SNAP_WORDS`` and ``SNAP_SECONDS``, if there is one.

    Both voices keep a word on their side, as neither is to vanish. Changes from and to nobody stay.
    """
    changes = [0, *(at for at in range(1, len(words)) if words[at].speaker != words[at - 1].speaker), len(words)]
    for number in range(1, len(changes) - 1):
        change = changes[number]
        left, right = words[change - 1].speaker, words[change].speaker
        if left is None or right is None or ends_sentence(words[change - 1]):
            continue
        at = _sentence_end(words, change, changes[number - 1], changes[number + 1])
        for word in words[min(at, change) : max(at, change)]:
            word.speaker = left if at > change else right
        changes[number] = at


def _sentence_end(words: Sequence[Word], change: int, after: int, before: int) -> int:
    """The first word behind the end of a sentence that is nearest to ``change``, between the two other changes; or ``change``."""
    near = [
        at
        for at in range(max(after + 1, change - SNAP_WORDS), min(before - 1, change + SNAP_WORDS) + 1)
        if ends_sentence(words[at - 1]) and abs(words[at].start - words[change].start) <= SNAP_SECONDS
    ]
    return min(near, key=lambda at: (abs(at - change), at), default=change)


def main_speaker(segment: Segment) -> str | None:
    """Who speaks for most of the time of the segment's words; the first of those who are equal."""
    times: dict[str | None, float] = {}
    for word in segment.words:
        times[word.speaker] = times.get(word.speaker, 0.0) + max(SHORTEST, word.end - word.start)
    known = {speaker: time for speaker, time in times.items() if speaker is not None}
    return max(known, key=lambda speaker: known[speaker], default=None)
