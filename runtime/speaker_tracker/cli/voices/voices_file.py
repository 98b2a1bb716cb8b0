"""The file that keeps known voices on this machine: JSON, for its owner alone to read."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import ValidationError

from speaker_tracker.errors import UserError
from speaker_tracker.protocol import KnownVoice, Voiceprint
from speaker_tracker.results.output_file import OutputFileError, check_writable, make_folder, write_atomically

FORMAT = "speaker-tracker voices"
VERSION = 1
MODE = 0o600
FOLDER_MODE = 0o700
MAX_PRINTS = 5
"""Prints kept of each name; the oldest goes."""
HOW_TO_MAKE = "make one by `speaker-tracker enroll NAME AUDIO`, or by --learn of stream and diarize"


class VoicesFileError(UserError):
    """A voices file cannot be used, or lacks what is asked of it."""


@dataclass(frozen=True, slots=True)
class StoredVoice:
    """A print of a person. ``added``: the day on which it came into the file."""

    voice: KnownVoice
    added: date

    @property
    def name(self) -> str:
        """The person's name."""
        return self.voice.name


@dataclass(frozen=True, slots=True)
class Voices:
    """What a voices file holds. ``model``: name and version of the voice model of all prints; None while there is none.

    ``stored``: the prints, oldest first.
    """

    model: tuple[str, int] | None = None
    stored: tuple[StoredVoice, ...] = ()

    @property
    def names(self) -> list[str]:
        """The names, each once, in alphabetical order."""
        return sorted({one.name for one in self.stored}, key=str.casefold)

    def prints_of(self, name: str) -> list[StoredVoice]:
        """The prints of a person, oldest first."""
        return [one for one in self.stored if one.name == name]

    def with_print(self, name: str, voiceprint: Voiceprint, today: date) -> Voices:
        """The same with another print; of more than ``MAX_PRINTS`` of a name the oldest is left out.

        Raises ``VoicesFileError`` if the print is of another model.
        """
        model = (voiceprint.model, voiceprint.version)
        if self.model not in {None, model}:
            raise VoicesFileError(
                f"the voices in the file are of the voice model {_model(self.model)}, and this one is of {_model(model)}; "
                "voiceprints of two models cannot be compared, so name another file"
            )
        new = StoredVoice(KnownVoice(name=name, voiceprint=voiceprint), today)
        old = self.prints_of(new.name)
        dropped = old[: max(0, len(old) + 1 - MAX_PRINTS)]
        return Voices(model, (*(one for one in self.stored if one not in dropped), new))

    def without(self, names: Iterable[str]) -> Voices:
        """The same without these people."""
        left_out = set(names)
        kept = tuple(one for one in self.stored if one.name not in left_out)
        return replace(self, model=self.model if kept else None, stored=kept)

    def to_send(self, limit: int) -> list[KnownVoice]:
        """At most ``limit`` prints: the newest of each name first, then each one's second, and so on."""
        newest_first = [list(reversed(self.prints_of(name))) for name in dict.fromkeys(one.name for one in reversed(self.stored))]
        ranked = [prints[rank] for rank in range(MAX_PRINTS) for prints in newest_first if rank < len(prints)]
        return [one.voice for one in ranked[:limit]]


def default_path() -> Path:
    """Where voices are kept unless a file is named."""
    return platformdirs.user_data_path("speaker-tracker", appauthor=False) / "voices.json"


def read_voices(path: Path) -> Voices:
    """What a voices file holds. Raises ``VoicesFileError``, also if there is no such file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise VoicesFileError(f"there is no voices file {path}; {HOW_TO_MAKE}") from error
    except OSError as error:
        raise VoicesFileError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise VoicesFileError(f"{path} is no voices file: it is not UTF-8 text; {HOW_TO_MAKE}") from error
    return _parsed(text, path)


def read_voices_if_any(path: Path) -> Voices:
    """The same; nothing where there is no file yet."""
    return read_voices(path) if os.path.lexists(path) else Voices()


def write_voices(path: Path, voices: Voices) -> None:
    """Writes a voices file that its owner alone may read, whole or not at all; makes its folder. Raises ``OutputFileError``."""
    check_place(path)
    name, version = voices.model or (None, None)
    document = {
        "format": FORMAT,
        "version": VERSION,
        "model": name,
        "model_version": version,
        "voices": [{**one.voice.model_dump(), "added": one.added.isoformat()} for one in voices.stored],
    }
    write_atomically(path, json.dumps(document, indent=1, ensure_ascii=False) + "\n", MODE)


def check_place(path: Path) -> None:
    """Makes the folder of the default file; raises ``OutputFileError`` if a voices file could not be written at ``path``."""
    if path == default_path() and not path.parent.exists():
        make_folder(path.parent)
        path.parent.chmod(FOLDER_MODE)
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise OutputFileError(f"{path} is no regular file; voices are kept in one")
    check_writable(path)


def exposure(path: Path) -> str:
    """A sentence if others on this machine may read the file; empty if not, and on systems without such permissions."""
    if os.name != "posix" or not path.is_file():
        return ""
    mode = stat.S_IMODE(path.stat().st_mode)
    if not mode & 0o077:
        return ""
    return f"other users of this machine may use {path}, as its mode is {mode:o}, and voices are personal: chmod 600 {path}"


def _parsed(text: str, path: Path) -> Voices:
    try:
        document: Any = json.loads(text)
    except ValueError as error:
        raise VoicesFileError(f"{path} is no voices file: it is not JSON; {HOW_TO_MAKE}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise VoicesFileError(f"{path} is no voices file: its format is not {FORMAT!r}; {HOW_TO_MAKE}")
    if document.get("version") != VERSION:
        raise VoicesFileError(
            f"{path} is a voices file of version {document.get('version')!r}, and this program reads version {VERSION}; "
            "use the program that wrote it"
        )
    entries = document.get("voices")
    if not isinstance(entries, list):
        raise VoicesFileError(f"{path} is damaged: its voices are no list; {HOW_TO_MAKE}")
    model = None if not entries else (document.get("model"), document.get("model_version"))
    stored = tuple(_entry(entry, f"{path} is damaged: voices[{number}]", model) for number, entry in enumerate(entries))
    return Voices(_model_of(stored), stored)


def _entry(entry: Any, where: str, model: tuple[Any, Any] | None) -> StoredVoice:
    try:
        voice = KnownVoice.model_validate(entry)
        added = date.fromisoformat(entry["added"])
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise VoicesFileError(f"{where}{f'.{field}' if field else ''}: {first['msg'].removeprefix('Value error, ')}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise VoicesFileError(f"{where}.added must be a day such as 2026-11-28") from error
    own = (voice.voiceprint.model, voice.voiceprint.version)
    if own != model:
        raise VoicesFileError(f"{where} is of the voice model {_model(own)}, and the file is for {_model(model)}")
    return StoredVoice(voice, added)


def _model_of(stored: Sequence[StoredVoice]) -> tuple[str, int] | None:
    return (stored[0].voice.voiceprint.model, stored[0].voice.voiceprint.version) if stored else None


def _model(model: tuple[Any, Any] | None) -> str:
    return "none" if model is None else f"{model[0]!r}, version {model[1]}"
