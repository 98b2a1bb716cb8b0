"""Checks of what a client asks of known voices: that the server recognizes any, and that the prints are of use to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from speaker_tracker.errors import BadInput
from speaker_tracker.events import VoiceModel
from speaker_tracker.protocol import ErrorCode, KnownVoice, StartCommand, Voiceprint

MAX_KNOWN_VOICE_BYTES = 4096
"""Room that each known voice takes at most in ``start``: a print of a thousand values and a long name."""
HOW_TO = "send what a report of this server gave as voiceprint, under a name"
OFF = "this server recognizes no voices and makes no voiceprints; start without known_voices and voiceprints"


@dataclass(frozen=True, slots=True)
class KnownVoiceLimits:
    """``max_voices``: prints that ``start`` may bring. ``max_name_length``: of each name (characters)."""

    max_voices: int = 50
    max_name_length: int = 100

    @property
    def max_bytes(self) -> int:
        """Room that all known voices together may take in ``start``."""
        return self.max_voices * MAX_KNOWN_VOICE_BYTES


def checked_voices(command: StartCommand, limits: KnownVoiceLimits, model: VoiceModel | None) -> tuple[KnownVoice, ...]:
    """The known voices of ``start``. ``model``: that of the server's embeddings, None if it recognizes no voices.

    Raises ``BadInput`` for what the server does not do, and for prints and names that are of no use to it.
    """
    voices = tuple(command.known_voices or ())
    if model is None:
        if voices or command.voiceprints:
            raise BadInput(ErrorCode.KNOWN_VOICES_OFF, OFF)
        return ()
    if len(voices) > limits.max_voices:
        raise BadInput(
            ErrorCode.INVALID_KNOWN_VOICES,
            f"known_voices has {len(voices)} prints; this server takes at most {limits.max_voices} in one session",
        )
    for number, voice in enumerate(voices):
        if len(voice.name) > limits.max_name_length:
            raise BadInput(
                ErrorCode.INVALID_KNOWN_VOICES,
                f"known_voices[{number}].name has {len(voice.name)} characters; this server takes names of at most "
                f"{limits.max_name_length}",
            )
        _check_print(voice.voiceprint, f"known_voices[{number}].voiceprint", model)
    return voices


def _check_print(voiceprint: Voiceprint, where: str, model: VoiceModel) -> None:
    given, wanted = (voiceprint.model, voiceprint.version), (model.name, model.version)
    if given != wanted:
        raise BadInput(
            ErrorCode.VOICEPRINT_MODEL,
            f"{where} is of the voice model {_named(*given)}, and this server hears by {_named(*wanted)}; voiceprints of two "
            "models cannot be compared, so have this voice told again by this server",
        )
    if len(voiceprint.values) != model.dimension:
        raise BadInput(
            ErrorCode.INVALID_KNOWN_VOICES,
            f"{where}.vector has {len(voiceprint.values)} values, and those of {model.name} have {model.dimension}; {HOW_TO}",
        )


def invalid_voices(error: ErrorDetails, given: str) -> BadInput:
    """The error for ``known_voices`` that do not have the form of the protocol, from the first one that pydantic found."""
    where = _path(error["loc"])
    reason = error["msg"].removeprefix("Value error, ")
    if error["type"] in {"model_type", "list_type"}:
        reason = 'known_voices must be a list of objects such as {"name": "Anna", "voiceprint": {...}}'
    if error["type"] == "missing":
        return BadInput(ErrorCode.INVALID_KNOWN_VOICES, f"{where} is missing; {HOW_TO}")
    return BadInput(ErrorCode.INVALID_KNOWN_VOICES, f"{where} cannot be {given}: {_lowered(reason)}; {HOW_TO}")


def _path(location: Sequence[int | str]) -> str:
    # Pydantic also says which type of a union it tried, such as list[KnownVoice].
    named = [part for part in location if isinstance(part, int) or part.isidentifier()]
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in named]
    return "".join(parts).removeprefix(".")


def _named(name: str, version: int) -> str:
    return f"{name!r}, version {version},"


def _lowered(sentence: Any) -> str:
    text = str(sentence)
    return text[:1].lower() + text[1:]
