"""``--voices``, ``--learn`` and ``--learn-as`` of ``stream`` and ``diarize``: whom a session knows, and whom it adds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from speaker_tracker.cli.tracking_output import clock
from speaker_tracker.cli.voices.options import check_name, check_same_model, optional_file, voices_to_send, warn_if_exposed
from speaker_tracker.cli.voices.voices_file import (
    Voices,
    VoicesFileError,
    check_place,
    default_path,
    read_voices,
    read_voices_if_any,
    write_voices,
)
from speaker_tracker.protocol import KnownVoice, ReportMessage, Voiceprint
from speaker_tracker.results.speaker_names import reported_names

CommandFunction = TypeVar("CommandFunction", bound=Callable[..., Any])
TOO_LITTLE = "at least 5 s of a voice alone are needed"


@dataclass(frozen=True, slots=True)
class VoiceOptions:
    """Values of the options. ``learn_as``: names by speaker id.

    ``check`` comes first, ``known`` before the session, ``learn`` behind it.
    """

    voices: Path | None = None
    learn: Path | None = None
    learn_as: Mapping[int, str] | None = None

    @property
    def learns(self) -> bool:
        """Whether voices are added to a file, so that voiceprints are needed."""
        return self.learn is not None or bool(self.learn_as)

    @property
    def recognizes(self) -> bool:
        """Whether known voices are looked for."""
        return self.source is not None

    @property
    def target(self) -> Path:
        """The file that voices are added to."""
        return self.learn or self.voices or default_path()

    @property
    def source(self) -> Path | None:
        """The file of the known voices: that of ``--voices``, or the one that is added to, if there is any yet."""
        return self.voices or (self.target if self.learns and self.target.exists() else None)

    def check(self) -> None:
        """Raises ``UserError`` if the files cannot be used, or if nobody could be asked for names."""
        if self.learn is not None and not self.learn_as and not _can_ask():
            raise click.UsageError(
                "--learn asks for names on a terminal, and standard input is none; give them by --learn-as, as in --learn-as 0=Anna"
            )
        if self.learns:
            check_place(self.target)
        if self.source is not None:
            warn_if_exposed(self.source)
        known = self.read()
        if self.learns:
            check_same_model(known, self.source, read_voices_if_any(self.target), self.target)

    def read(self) -> Voices:
        """The known voices. Raises ``VoicesFileError``."""
        return Voices() if self.source is None else read_voices(self.source)

    def known(self) -> list[KnownVoice]:
        """The voices for a session; a note on standard error if there are too many."""
        return voices_to_send(self.read())

    def add(self, report: ReportMessage, voiceprints: Mapping[int, Voiceprint]) -> None:
        """Adds speakers of a session to the file, by ``--learn-as`` or by asking for names; says on standard error what it does.

        Raises ``UserError``, where a speaker of ``--learn-as`` has no voiceprint too, after the others are added.
        """
        if not self.learns:
            return
        chosen = dict(self.learn_as or _ask(report, voiceprints))
        added = {speaker: name for speaker, name in chosen.items() if speaker in voiceprints}
        if added:
            voices = read_voices_if_any(self.target)
            for speaker, name in sorted(added.items()):
                voices = voices.with_print(name, voiceprints[speaker], date.today())  # noqa: DTZ011 - the user's day
            write_voices(self.target, voices)
        for speaker, name in sorted(added.items()):
            seconds = voiceprints[speaker].seconds
            click.echo(
                f"Speaker {speaker} is known as {name} from now on, by {seconds:.1f} s of speech, in {self.target}", err=True
            )
        if missing := sorted(chosen.keys() - added.keys()):
            raise VoicesFileError(_no_voiceprint(missing[0], chosen[missing[0]], report))


def _no_voiceprint(speaker: int, name: str, report: ReportMessage) -> str:
    spoken = {each.id: each.totalTimeMs for each in report.speakers}
    if speaker in spoken:
        return f"{name} was not added: speaker {speaker} spoke for {clock(spoken[speaker])}, and {TOO_LITTLE}"
    known = ", ".join(map(str, spoken)) or "none"
    return f"{name} was not added: there is no speaker {speaker}; the speakers are {known}"


def _can_ask() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr is not None and sys.stderr.isatty()


def _ask(report: ReportMessage, voiceprints: Mapping[int, Voiceprint]) -> dict[int, str]:
    """Names of speakers who have none yet; those that are left empty are not among them."""
    named = reported_names(report)
    chosen = {}
    for speaker in report.speakers:
        if speaker.id in voiceprints and speaker.id not in named:
            spoken = clock(speaker.totalTimeMs)
            name = _prompt(f"Who is speaker {speaker.id}, who spoke for {spoken}? (name, or empty to skip)")
            if name:
                chosen[speaker.id] = name
    return chosen


def _prompt(question: str) -> str:
    while True:
        answer: str = click.prompt(question, default="", show_default=False, err=True)
        if not answer.strip():
            return ""
        try:
            return check_name(answer)
        except ValueError as error:
            click.echo(f"{str(error).capitalize()}.", err=True)


def _parse_names(_context: click.Context, _parameter: click.Parameter, values: Sequence[str]) -> dict[int, str]:
    """``ID=NAME``, of several options."""
    names: dict[int, str] = {}
    for value in values:
        number, sign, name = value.partition("=")
        if not sign or not number.strip().isdecimal():
            raise click.BadParameter(f"{value!r} is no ID=NAME, such as 0=Anna")
        speaker = int(number)
        if speaker in names:
            raise click.BadParameter(f"speaker {speaker} is given two names; give one")
        try:
            names[speaker] = check_name(name)
        except ValueError as error:
            raise click.BadParameter(f"in {value!r}, {error}") from error
    return names


def voice_options(function: CommandFunction) -> CommandFunction:
    """Adds the options to a command, which receives them as a ``VoiceOptions`` argument ``voices``."""

    @wraps(function)
    def with_options(*, voices: Path | None, learn: Path | None, learn_as: Mapping[int, str], **others: Any) -> Any:
        return function(voices=VoiceOptions(voices, learn, learn_as), **others)

    decorated: Any = with_options
    for option in (
        click.option(
            "--learn-as",
            multiple=True,
            metavar="ID=NAME",
            callback=_parse_names,
            help="Keep the voice of this speaker, without asking. Repeatable.",
        ),
        optional_file("--learn", help="At the end, ask who speakers were, and keep their voices."),
        optional_file("--voices", help="Name people whose voices are kept in FILE."),
    ):
        decorated = option(decorated)
    wrapped: CommandFunction = decorated
    return wrapped
