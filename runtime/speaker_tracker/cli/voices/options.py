"""Options of commands that know voices, and the voices that they send."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from speaker_tracker.cli.common import NamedPath
from speaker_tracker.cli.voices.voices_file import Voices, VoicesFileError, default_path, exposure
from speaker_tracker.engine.known_voices import KnownVoiceLimits
from speaker_tracker.events import VoiceModel
from speaker_tracker.protocol import KnownVoice
from speaker_tracker.results.enrolment import NO_VOICES

CommandFunction = TypeVar("CommandFunction", bound=Callable[..., Any])
LIMITS = KnownVoiceLimits()
"""Those of a server that is not set up otherwise."""


def voices_file_option(function: CommandFunction) -> CommandFunction:
    """Adds ``--voices FILE`` to a command that works on the voices file; the default one if it is not given."""
    return click.option(
        "--voices",
        "path",
        type=NamedPath(path_type=Path),
        metavar="FILE",
        default=default_path,
        help="The file of the voices, if not the default one.",
    )(function)


class OptionalFile(NamedPath):
    """A path, or the default one for an option without any."""

    DEFAULT = ":default:"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Converts as ``NamedPath`` does."""
        return default_path() if value == self.DEFAULT else super().convert(value, param, ctx)


def optional_file(name: str, **more: Any) -> Callable[[CommandFunction], CommandFunction]:
    """An option ``name [FILE]``, which stands for the default file where none is named behind it."""
    file = OptionalFile(path_type=Path)
    return click.option(name, type=file, metavar="[FILE]", is_flag=False, flag_value=OptionalFile.DEFAULT, default=None, **more)


def warn_if_exposed(path: Path) -> None:
    """Prints a note on standard error if others may read the file."""
    if note := exposure(path):
        click.echo(f"Note: {note}", err=True)


def voices_to_send(voices: Voices) -> list[KnownVoice]:
    """The prints for one session; if there are too many for it, a note on standard error says how many are left out."""
    sent = voices.to_send(LIMITS.max_voices)
    left_out = len(voices.stored) - len(sent)
    if left_out:
        people = len({voice.name for voice in sent})
        click.echo(
            f"Note: one session takes {LIMITS.max_voices} voiceprints, so {left_out} of {len(voices.stored)} are left out, the "
            f"newest of each name last; {people} of {len(voices.names)} people can be recognized",
            err=True,
        )
    return sent


def check_name(name: str) -> str:
    """The name as it is kept. Raises ``ValueError`` with what is wrong."""
    stripped = name.strip()
    if not stripped:
        raise ValueError("a name cannot be empty")
    if len(stripped) > LIMITS.max_name_length:
        raise ValueError(f"a name has at most {LIMITS.max_name_length} characters, not {len(stripped)}")
    if any(not character.isprintable() for character in stripped):
        raise ValueError("a name cannot have control characters, such as a line break")
    return stripped


def check_model(voices: Voices, model: VoiceModel | None, path: Path) -> VoiceModel:
    """``model``, by which this process hears. Raises ``VoicesFileError`` if it hears by none, or the voices are of another."""
    if model is None:
        raise VoicesFileError(NO_VOICES)
    if voices.model is not None and voices.model != (model.name, model.version):
        name, version = voices.model
        raise VoicesFileError(
            f"the voices in {path} are of the voice model {name!r}, version {version}, and the chain hears by {model.name!r}, "
            f"version {model.version}; voiceprints of two models cannot be compared, so name another file or enroll them again"
        )
    return model


def check_same_model(voices: Voices, path: Path | None, others: Voices, others_path: Path) -> None:
    """Raises ``VoicesFileError`` if two files are for different voice models."""
    if voices.model is not None and others.model is not None and voices.model != others.model:
        raise VoicesFileError(
            f"{path} is for the voice model {voices.model[0]!r}, version {voices.model[1]}, and {others_path} for "
            f"{others.model[0]!r}, version {others.model[1]}; name files for the same model"
        )


def listed(names: Sequence[str]) -> str:
    """Names in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
