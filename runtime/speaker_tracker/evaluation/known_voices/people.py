"""People whose recordings lie in a folder, and who of them is known in which conversation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Self

from speaker_tracker.engine.known_voices import KnownVoiceLimits
from speaker_tracker.errors import UserError
from speaker_tracker.evaluation.calibration import Utterances, recordings_of
from speaker_tracker.evaluation.utterances import files_by_speaker
from speaker_tracker.protocol import KnownVoice, Voiceprint

LAYOUT = "one folder for each person, named as in the references, with recordings in which nobody else speaks"
MAX_VOICES = KnownVoiceLimits().max_voices


class KnownPeopleError(UserError):
    """A folder does not hold recordings of known people."""


@dataclass(frozen=True, slots=True)
class KnownHere:
    """Whom a conversation's sessions know, ``count`` persons at most.

    ``talking``: those of them who talk in it. ``others``: those who do not.
    """

    talking: tuple[str, ...]
    others: tuple[str, ...]
    count: int

    @property
    def talkers(self) -> tuple[str, ...]:
        """Those who talk, and others up to the number; nobody if none of them talks."""
        return (*self.talking, *self.others)[: self.count] if self.talking else ()

    @property
    def strangers(self) -> tuple[str, ...]:
        """Others alone, to whom those who talk are strangers."""
        return self.others[: self.count]

    def only(self, names: Collection[str]) -> Self:
        """Those of them who are among ``names``."""
        talking, others = (tuple(name for name in part if name in names) for part in (self.talking, self.others))
        return replace(self, talking=talking, others=others)


def read_people(folder: Path) -> dict[str, list[Utterances]]:
    """The recordings of each person in ``folder``, laid out as ``NAME/FILE``; those without a file are left out.

    Files whose names differ after the last hyphen only are of one recording. Raises ``KnownPeopleError`` if there is nobody.
    """
    if not folder.is_dir():
        raise KnownPeopleError(f"{folder} is no folder; name a folder that holds {LAYOUT}")
    people = {
        name: recordings_of([(name, file) for file in files], at_most=None)
        for name, files in files_by_speaker(folder).items()
        if files
    }
    if not people:
        raise KnownPeopleError(f"{folder} has no folder with recordings; it must hold {LAYOUT}")
    return people


def known_here(uri: str, talking: Collection[str], people: Collection[str], count: int) -> KnownHere:
    """Chooses ``count`` known persons for a conversation, or as many as there are.

    ``talking``: who talks in it. ``people``: whose recordings there are. The choice depends on the names and on ``uri`` alone.
    """
    others = sorted(set(people) - set(talking))
    Random(uri).shuffle(others)  # noqa: S311 - a choice of examples
    return KnownHere(tuple(sorted(set(talking) & set(people))), tuple(others[:count]), count)


def voices_of(names: Sequence[str], prints: Mapping[str, Sequence[Voiceprint]]) -> tuple[KnownVoice, ...]:
    """The known voices of a session, as many prints of each person as it takes if all have as many; most speech first."""
    if not names:
        return ()
    each = max(1, MAX_VOICES // len(names))
    return tuple(
        KnownVoice(name=name, voiceprint=voiceprint)
        for name in names
        for voiceprint in sorted(prints.get(name, ()), key=lambda voiceprint: -voiceprint.seconds)[:each]
    )
