"""Follows which names the messages of one session tell of whom, against a reference, in steps of 10 ms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.protocol import ReportMessage, SegmentMessage, ServerMessage, TimelineMessage
from speaker_tracker.results.rttm import Turn

GRID_MS = 10
Instants = NDArray[np.bool_]


class NamesTold:
    """Names that a session which requested the timeline tells, fed with its messages.

    ``reference``: who speaks when. ``seconds``: how much of the audio counts, from its begin. ``person_of``: whom each known name
    stands for, if not for the person of that name. A segment is taken for a segment of whoever speaks most in it.
    """

    def __init__(self, reference: Sequence[Turn], seconds: float, person_of: Mapping[str, str] | None = None) -> None:
        self.people = tuple(sorted({turn.speaker for turn in reference}))
        self._person_of = person_of
        self._instants = round(1000 * seconds / GRID_MS)
        self._spoken: Instants = np.zeros((len(self.people), self._instants), dtype=bool)
        for turn in reference:
            self._spoken[self.people.index(turn.speaker), _instant(1000 * turn.start) : _instant(1000 * turn.end)] = True
        self._alone: Instants = self._spoken & (self._spoken.sum(axis=0) == 1)
        self._labelled_ever, self._named_ever = self._nowhere(), self._nowhere()
        self._labelled, self._named = self._nowhere(), self._nowhere()
        self._right: Instants = np.zeros_like(self._spoken)
        self._told_after: dict[str, float] = {}
        self._called_ever: set[str] = set()
        self._called: set[str] = set()

    def add(self, message: ServerMessage) -> None:
        """Takes in a message."""
        if isinstance(message, TimelineMessage):
            for segment in message.segments:
                self._add_told(segment, message.audioMs)
        elif isinstance(message, ReportMessage):
            for segment in message.segments or ():
                self._add_final(segment)

    def speech(self, person: str) -> float:
        """How long a person speaks (seconds)."""
        return _seconds(self._spoken[self.people.index(person)])

    def told_after(self, person: str) -> float | None:
        """How long a person had spoken (seconds) when a message told their name for one of their segments; None if none did.

        Their speech in the reference counts, up to ``audioMs`` of the message.
        """
        return self._told_after.get(person)

    def final_seconds(self, person: str) -> tuple[float, float, float]:
        """Seconds in which a person speaks alone that the report gives to a speaker with their name, another one, and none."""
        row = self.people.index(person)
        labelled = self._alone[row] & self._labelled
        named = labelled & self._named
        right = labelled & self._right[row]
        return _seconds(right), _seconds(named & ~right), _seconds(labelled & ~named)

    def called(self, person: str) -> tuple[bool, bool]:
        """Whether any name was told for a segment of the person, at any time and in the report."""
        return person in self._called_ever, person in self._called

    def called_seconds(self, person: str) -> tuple[float, float]:
        """Seconds in which a person speaks alone for which any name was told, at any time and in the report."""
        alone = self._alone[self.people.index(person)]
        return _seconds(alone & self._named_ever), _seconds(alone & self._named)

    def labelled_seconds(self, person: str) -> tuple[float, float]:
        """Seconds in which a person speaks alone that were given to any speaker, at any time and in the report."""
        alone = self._alone[self.people.index(person)]
        return _seconds(alone & self._labelled_ever), _seconds(alone & self._labelled)

    def _add_told(self, segment: SegmentMessage, audio_ms: int) -> None:
        here = _stretch(segment)
        if segment.speakerId is None:
            return
        self._labelled_ever[here] = True
        if segment.name is None:
            return
        self._named_ever[here] = True
        if (speaking := self._speaking_most(here)) is not None:
            self._called_ever.add(speaking)
            if self._stands_for(segment.name) == speaking:
                heard = self._spoken[self.people.index(speaking), : _instant(audio_ms)]
                self._told_after.setdefault(speaking, _seconds(heard))

    def _add_final(self, segment: SegmentMessage) -> None:
        here = _stretch(segment)
        if segment.speakerId is None:
            return
        self._labelled[here] = True
        if segment.name is None:
            return
        self._named[here] = True
        if (person := self._stands_for(segment.name)) in self.people:
            self._right[self.people.index(person), here] = True
        if (speaking := self._speaking_most(here)) is not None:
            self._called.add(speaking)

    def _speaking_most(self, here: slice) -> str | None:
        shared = self._spoken[:, here].sum(axis=1)
        return self.people[int(shared.argmax())] if shared.any() else None

    def _stands_for(self, name: str) -> str:
        return name if self._person_of is None else self._person_of.get(name, "")

    def _nowhere(self) -> Instants:
        return np.zeros(self._instants, dtype=bool)


def _stretch(segment: SegmentMessage) -> slice:
    return slice(_instant(segment.startMs), _instant(segment.endMs))


def _instant(milliseconds: float) -> int:
    return round(milliseconds / GRID_MS)


def _seconds(instants: Instants) -> float:
    return int(instants.sum()) * GRID_MS / 1000
