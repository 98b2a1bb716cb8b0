"""Whom a client's sessions know: the voices that its user brings, and the speakers of sessions whose connection was lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from speaker_tracker.client.events import PartSpeaker
from speaker_tracker.protocol import ErrorCode, KnownVoice, Voiceprint

USUAL_MAX_VOICES = 50
"""Prints that a server takes in one session unless it is set up otherwise."""
REFUSALS = frozenset(
    {ErrorCode.KNOWN_VOICES_OFF, ErrorCode.VOICEPRINT_MODEL, ErrorCode.INVALID_KNOWN_VOICES, ErrorCode.INVALID_JSON}
)
"""Answers to a ``start`` with voices, the last of servers that know none, for which it is too long."""


@dataclass(slots=True)
class _Person:
    first: PartSpeaker
    voiceprint: Voiceprint | None


class People:
    """What each session of a client is told and asked of voices, and who of its speakers is who of earlier sessions.

    ``known``: the user's known voices. ``voiceprints``: whether the user wants voiceprints. ``reconnects``: whether other sessions
    follow lost ones; they then know the speakers of those before by their voiceprints.

    Speakers whom the user does not know have internal names on the wire. Those appear nowhere else.
    """

    def __init__(self, known: Sequence[KnownVoice] = (), *, voiceprints: bool = False, reconnects: bool = False) -> None:
        self._known = tuple(known)
        self._wants_voiceprints = voiceprints
        self._asks_for_voiceprints = voiceprints or reconnects
        self._persons: dict[str, _Person] = {}
        self._internal: set[str] = set()
        self._prefix = "speaker "
        while any(voice.name.startswith(self._prefix) for voice in self._known):
            self._prefix = f"-{self._prefix}"

    @property
    def wants_voiceprints(self) -> bool:
        """Whether the user wants voiceprints."""
        return self._wants_voiceprints

    @property
    def start_fields(self) -> dict[str, Any]:
        """Fields of ``StartCommand`` for the next session."""
        voices = self._voices()
        return {"voiceprints": self._asks_for_voiceprints, "known_voices": list(voices) or None}

    def do_without(self, code: str) -> bool:
        """Drops what the user did not ask for, after a server has refused a session with this error code.

        Returns False, and drops nothing, if that is not what the server minds.
        """
        if code not in REFUSALS:
            return False
        carried = [person for person in self._persons.values() if person.voiceprint is not None]
        for person in carried:
            person.voiceprint = None
        if carried:
            return True
        unasked = self._asks_for_voiceprints and not (self._wants_voiceprints or self._known)
        if unasked and code == ErrorCode.KNOWN_VOICES_OFF:
            self._asks_for_voiceprints = False
            return True
        return False

    def end_part(self, number: int, names: Mapping[int, str], voiceprints: Mapping[int, Voiceprint]) -> None:
        """Remembers the speakers of a part that is over. ``names``: as on the wire. Each person's print of most speech is kept."""
        for speaker in sorted({*names, *voiceprints}):
            name = names.get(speaker)
            if name is None:
                name = f"{self._prefix}{speaker} of part {number}"
                self._internal.add(name)
            person = self._persons.setdefault(name, _Person(PartSpeaker(number, speaker), None))
            new = voiceprints.get(speaker)
            if new is not None and (person.voiceprint is None or new.seconds > person.voiceprint.seconds):
                person.voiceprint = new

    def shown(self, names: Mapping[int, str]) -> dict[int, str]:
        """Of the names on the wire those that the user knows."""
        return {speaker: name for speaker, name in names.items() if name not in self._internal}

    def same_as(self, names: Mapping[int, str]) -> dict[int, PartSpeaker]:
        """Who the speakers of the current part were in the first part that heard them. ``names``: as on the wire."""
        return {speaker: self._persons[name].first for speaker, name in names.items() if name in self._persons}

    def _voices(self) -> tuple[KnownVoice, ...]:
        """Speakers of earlier parts first, as they are likely to go on, then as many of the user's as there is room for."""
        most = max(USUAL_MAX_VOICES, len(self._known))
        carried = [
            KnownVoice(name=name, voiceprint=person.voiceprint)
            for name, person in self._persons.items()
            if person.voiceprint is not None
        ]
        return (*carried, *self._known)[:most]
