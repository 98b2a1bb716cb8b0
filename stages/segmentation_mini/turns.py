"""Who speaks when: conversations drawn from the statistics of turn-taking.

Changes of speaker have gaps and overlaps around 0 with a spread of about 0.4 s (Heldner and Edlund, "Pauses, gaps and overlaps in
conversations", Journal of Phonetics, 2010); the rest is backchannels, interruptions, pauses, laughter and silence. Times are in
frames of 10 ms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray
from speech_corpus import Speaker, SpeechCorpus

TRACKS = 4
"""Most speakers in a conversation."""
FIELDS = 6
START, LENGTH, SOURCE, SPEED, GAIN, PERIOD = range(FIELDS)


@dataclass(frozen=True, slots=True)
class Style:
    """One manner of conversation; lengths in seconds, the rest are chances."""

    share: float
    speakers: tuple[int, int]
    turn: float
    turn_spread: float
    gap: float
    gap_spread: float
    again: float
    backchannel: float
    interruption: float
    laughter: float
    quiet: float = 0.03


STYLES = (
    Style(0.30, (2, 4), 1.6, 0.9, 0.05, 0.4, 0.35, 0.35, 0.15, 0.06),  # a meeting
    Style(0.30, (2, 4), 1.8, 0.8, -0.3, 0.5, 0.2, 0.6, 0.55, 0.1, 0.0),  # a lively one
    Style(0.14, (2, 4), 3.0, 0.6, 0.35, 0.25, 0.3, 0.0, 0.0, 0.0),  # one after the other
    Style(0.10, (2, 4), 1.2, 0.5, 0.2, 0.2, 0.15, 0.05, 0.05, 0.02),  # quick turns
    Style(0.05, (1, 1), 3.0, 0.8, 0.4, 0.3, 1.0, 0.0, 0.0, 0.04),  # one alone
    Style(0.09, (1, 2), 1.2, 0.7, 3.0, 2.0, 0.5, 0.1, 0.05, 0.1, 0.5),  # mostly silence
)
"""Styles; the shares' rest is silence throughout."""
SAME_CORPUS = 0.5
SLOWEST, FASTEST = 0.86, 1.18
RATE = 100


class Conversation:
    """The turns of each track: rows of start, length, first source frame, speed, gain in dB, and period of a laugh (0: speech)."""

    def __init__(self, corpus: SpeechCorpus, random: Random, frames: int) -> None:
        self.tracks: list[list[tuple[float, ...]]] = [[] for _ in range(TRACKS)]
        self._corpus, self._random, self._frames = corpus, random, frames
        self._busy = [-100_000] * TRACKS
        self._voices: list[tuple[Speaker, float]] = []
        drawn = random.random()
        for style in STYLES:
            drawn -= style.share
            if drawn < 0:
                self._voices = self._cast(random.randint(*style.speakers))
                self._talk(style)
                break

    def _cast(self, count: int) -> list[tuple[Speaker, float]]:
        random = self._random
        chosen: list[Speaker] = []
        alike = random.random() < SAME_CORPUS
        for _ in range(count * 20):
            speaker = self._corpus.draw(random)
            other = chosen and alike and speaker.name.split("_")[0] != chosen[0].name.split("_")[0]
            if speaker not in chosen and (not other or random.random() < 0.1):  # noqa: PLR2004 - rather than never
                chosen.append(speaker)
            if len(chosen) == count:
                break
        return [(speaker, math.exp(random.uniform(math.log(SLOWEST), math.log(FASTEST)))) for speaker in chosen]

    def _talk(self, style: Style) -> None:
        random = self._random
        voices = len(self._voices)
        current = random.randrange(voices)
        now = random.uniform(-2.5, 1.5) * RATE if random.random() > style.quiet else random.uniform(0, 8) * RATE
        while now < self._frames:
            length = RATE * min(8.0, max(0.25, style.turn * math.exp(random.gauss(0, style.turn_spread))))
            end = self._place(current, now, length)
            others = [voice for voice in range(voices) if voice != current]
            if others and random.random() < style.backchannel:
                self._place(random.choice(others), now + random.uniform(0.3, 1.0) * length, RATE * random.uniform(0.2, 0.8))
            if random.random() < style.laughter:
                laugh = RATE * random.uniform(0.5, 1.6)
                self._place(random.randrange(voices), now + random.random() * length, laugh, period=random.uniform(0.15, 0.26))
            if others and random.random() < style.interruption:
                current, now = random.choice(others), now + random.uniform(0.3, 0.95) * length
                continue
            if others and random.random() >= style.again:
                current = random.choice(others)
                gap = random.gauss(style.gap, style.gap_spread)
            else:
                gap = min(3.0, 0.45 * math.exp(random.gauss(0, 0.6))) + max(0.0, style.gap - 0.5)
            if random.random() < style.quiet:
                gap = random.uniform(1.5, 8.0)
            now = max(end + RATE * gap, now + 0.2 * RATE)

    def _place(self, voice: int, start: float, length: float, period: float = 0.0) -> float:
        """Lets ``voice`` say something; answers when it ends."""
        speaker, speed = self._voices[voice]
        first = max(round(start), self._busy[voice] + 5)
        source, heard = self._corpus.cut(self._random, speaker, max(8, round(length * speed)))
        frames = round(length) if period else int(heard / speed)
        last = first + frames
        self._busy[voice] = last
        gain = 20 * math.log10(speaker.gain) + self._random.gauss(0, 2)
        before = min(0, first)
        if last > 0 and first < self._frames and frames > 0:
            row = (max(0, first), min(last, self._frames) - max(0, first), source - before * speed, speed, gain, period)
            self.tracks[voice].append(row)
        return last


def draw_conversations(corpus: SpeechCorpus, random: Random, count: int, frames: int) -> NDArray[np.float64]:
    """Turns of many conversations, shape ``(count, TRACKS, turns, FIELDS)``; turns of length 0 fill up."""
    drawn = [Conversation(corpus, random, frames).tracks for _ in range(count)]
    most = max(1, *(len(track) for tracks in drawn for track in tracks))
    turns = np.zeros((count, TRACKS, most, FIELDS))
    turns[..., START] = frames + 1
    turns[..., SOURCE] = corpus.speakers[0].first
    turns[..., SPEED] = 1.0
    for row, tracks in enumerate(drawn):
        for number, track in enumerate(tracks):
            for place, turn in enumerate(track):
                turns[row, number, place] = turn
    return turns
