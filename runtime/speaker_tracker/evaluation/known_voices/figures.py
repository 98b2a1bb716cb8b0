"""Figures of known voices, which add up over conversations."""

from __future__ import annotations

import statistics
from collections.abc import Collection
from dataclasses import dataclass, field
from math import inf

from speaker_tracker.evaluation.known_voices.names_told import NamesTold
from speaker_tracker.evaluation.scoring import DiarizationError

MIN_SPEECH = 3.0
"""Seconds of speech within which a known person should be called by name; people who speak less are not counted as people."""


@dataclass(frozen=True, slots=True)
class SpeechNames:
    """What known people's speech is called in the report, of that in which they speak alone and that is given to anybody.

    ``right``: by their name, ``wrong``: by another person's, ``none``: by none; seconds.
    """

    right: float = 0.0
    wrong: float = 0.0
    none: float = 0.0

    def __add__(self, other: SpeechNames) -> SpeechNames:
        return SpeechNames(self.right + other.right, self.wrong + other.wrong, self.none + other.none)

    @property
    def total(self) -> float:
        """All of it."""
        return self.right + self.wrong + self.none

    def share(self, seconds: float) -> float | None:
        """A part of it, 0 to 1; None without any."""
        return seconds / self.total if self.total > 0 else None


@dataclass(frozen=True, slots=True)
class NamedPeople:
    """Known people who talk, of ``MIN_SPEECH`` or more each.

    ``told_after``: how long each had spoken when their name was told, seconds; infinite if it never was.
    """

    told_after: tuple[float, ...] = ()
    speech: SpeechNames = field(default_factory=SpeechNames)

    def __add__(self, other: NamedPeople) -> NamedPeople:
        return NamedPeople(self.told_after + other.told_after, self.speech + other.speech)

    @property
    def in_time(self) -> float | None:
        """Share of the people who were called by their name within ``MIN_SPEECH`` of their speech; None without any."""
        return sum(each <= MIN_SPEECH for each in self.told_after) / len(self.told_after) if self.told_after else None

    @property
    def median_seconds(self) -> float | None:
        """Median of ``told_after``; None without people, or if that is infinite."""
        middle = statistics.median_low(self.told_after) if self.told_after else inf
        return None if middle == inf else middle


@dataclass(frozen=True, slots=True)
class Strangers:
    """People whom a session does not know, of ``MIN_SPEECH`` or more each, and how far they were called by anybody's name.

    ``people``: how many. ``ever``, ``final``: how many of them for one segment at least, at any time and in the report.
    ``ever_total``, ``final_total``: how long they speak alone and are given to anybody; ``ever_seconds``, ``final_seconds``: to
    somebody with a name.
    """

    people: int = 0
    ever: int = 0
    final: int = 0
    ever_total: float = 0.0
    ever_seconds: float = 0.0
    final_total: float = 0.0
    final_seconds: float = 0.0

    def __add__(self, other: Strangers) -> Strangers:
        return Strangers(
            self.people + other.people,
            self.ever + other.ever,
            self.final + other.final,
            self.ever_total + other.ever_total,
            self.ever_seconds + other.ever_seconds,
            self.final_total + other.final_total,
            self.final_seconds + other.final_seconds,
        )

    @property
    def shares(self) -> tuple[float | None, float | None, float | None, float | None]:
        """Shares of people, ever and in the report, and shares of their time, ever and in the report; None without any."""
        return (
            _share(self.ever, self.people),
            _share(self.final, self.people),
            _share(self.ever_seconds, self.ever_total),
            _share(self.final_seconds, self.final_total),
        )


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors of the online and of the final timeline."""

    online: DiarizationError = field(default_factory=DiarizationError)
    final: DiarizationError = field(default_factory=DiarizationError)

    def __add__(self, other: Errors) -> Errors:
        return Errors(self.online + other.online, self.final + other.final)


@dataclass(frozen=True, slots=True)
class KnownVoicesFigures:
    """``files``: number of conversations. ``without``, ``known``: errors if nobody is known, and if those who talk are.

    ``people``: those who talk and are known. ``strangers``: those who talk in a session that knows others alone.
    """

    files: int = 0
    without: Errors = field(default_factory=Errors)
    known: Errors = field(default_factory=Errors)
    people: NamedPeople = field(default_factory=NamedPeople)
    strangers: Strangers = field(default_factory=Strangers)

    def __add__(self, other: KnownVoicesFigures) -> KnownVoicesFigures:
        return KnownVoicesFigures(
            self.files + other.files,
            self.without + other.without,
            self.known + other.known,
            self.people + other.people,
            self.strangers + other.strangers,
        )


@dataclass(frozen=True, slots=True)
class CutFigures:
    """People of the second part of conversations whose voiceprints the first part gave. ``files``: number of conversations.

    ``matched``, ``wrong``, ``new``: people of ``MIN_SPEECH`` or more there, by what most of their speech is called: by the name of
    their own voiceprint, of another person's, or by none. ``speech``: of all.
    """

    files: int = 0
    matched: int = 0
    wrong: int = 0
    new: int = 0
    speech: SpeechNames = field(default_factory=SpeechNames)

    def __add__(self, other: CutFigures) -> CutFigures:
        return CutFigures(
            self.files + other.files,
            self.matched + other.matched,
            self.wrong + other.wrong,
            self.new + other.new,
            self.speech + other.speech,
        )

    @property
    def people(self) -> int:
        """All of them."""
        return self.matched + self.wrong + self.new


def named_people(told: NamesTold, known: Collection[str]) -> NamedPeople:
    """Figures of the ``known`` among the people of a session."""
    here = [person for person in told.people if person in known]
    after = [told.told_after(person) for person in here if told.speech(person) >= MIN_SPEECH]
    return NamedPeople(tuple(inf if each is None else each for each in after), speech_names(told, here))


def speech_names(told: NamesTold, people: Collection[str]) -> SpeechNames:
    """What the speech of ``people`` is called."""
    return sum((SpeechNames(*told.final_seconds(person)) for person in people), SpeechNames())


def strangers(told: NamesTold) -> Strangers:
    """Figures of the people of a session that knows none of them."""
    return sum((_stranger(told, person) for person in told.people if told.speech(person) >= MIN_SPEECH), Strangers())


def _stranger(told: NamesTold, person: str) -> Strangers:
    ever, final = told.called(person)
    ever_total, final_total = told.labelled_seconds(person)
    ever_seconds, final_seconds = told.called_seconds(person)
    return Strangers(1, int(ever), int(final), ever_total, ever_seconds, final_total, final_seconds)


def cut_figures(told: NamesTold, known: Collection[str]) -> CutFigures:
    """Figures of the second part of one conversation. ``known``: whose voiceprints the first part gave."""
    here = [person for person in told.people if person in known]
    called = [_mostly(speech_names(told, [person])) for person in here if told.speech(person) >= MIN_SPEECH]
    matched, wrong, new = (called.count(outcome) for outcome in ("right", "wrong", "none"))
    return CutFigures(1, matched, wrong, new, speech_names(told, here))


def _mostly(speech: SpeechNames) -> str:
    return max(("none", "right", "wrong"), key=lambda outcome: getattr(speech, outcome))


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
