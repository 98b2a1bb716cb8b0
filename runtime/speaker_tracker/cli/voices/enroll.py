"""``speaker-tracker enroll``: keeps the voice of a person from recordings of them, in process."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import click

from speaker_tracker.audio.file import AudioFile
from speaker_tracker.cli.common import NamedPath, config_option, settings_from
from speaker_tracker.cli.help_text import examples
from speaker_tracker.cli.progress import FilesProgress
from speaker_tracker.cli.tracking_output import clock
from speaker_tracker.cli.voices.options import check_model, check_name, voices_file_option, warn_if_exposed
from speaker_tracker.cli.voices.voices_file import MAX_PRINTS, check_place, read_voices_if_any, write_voices
from speaker_tracker.engine.assembly import build_chain
from speaker_tracker.results.enrolment import Enrolment, enrol


def _check_name(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    try:
        return check_name(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command(
    short_help="Keep the voice of a person, to know them again.",
    epilog=examples(
        "speaker-tracker enroll Anna anna.flac",
        "speaker-tracker enroll Ben interview.mp3 phone.wav --voices team.json",
    ),
)
@click.argument("name", callback=_check_name)
@click.argument("audio", type=NamedPath(path_type=Path), nargs=-1, required=True)
@voices_file_option
@config_option
def command(*, name: str, audio: Sequence[Path], path: Path) -> None:
    """Keep the voice of NAME, from recordings AUDIO in which nobody else speaks.

    A recording needs at least 5 s of speech, and half a minute is better. Of each, one voiceprint is kept, at most 5 of a person;
    several are worth it if rooms or microphones differ. If a recording is not fit, nothing is kept of any of them.

    A voiceprint is personal data, and in many countries' laws a biometric one: ask people first.
    """
    if len(audio) > MAX_PRINTS:
        raise click.UsageError(f"{MAX_PRINTS} voiceprints of a person are kept, not {len(audio)}; name as many recordings at most")
    check_place(path)
    warn_if_exposed(path)
    voices = read_voices_if_any(path)
    files = [AudioFile(each) for each in audio]
    heard: list[tuple[AudioFile, Enrolment]] = []
    with FilesProgress(len(files), sum(file.seconds for file in files)) as progress:
        with progress.waiting("loading models"):
            chain = build_chain(settings_from())
        with closing(chain):
            check_model(voices, chain.voice_model, path)
            for file in files:
                with progress.file(str(file.path), file.seconds) as advance:
                    heard.append((file, enrol(chain, file, advance)))
    added = read_voices_if_any(path)
    for _, enrolment in heard:
        added = added.with_print(name, enrolment.voiceprint, date.today())  # noqa: DTZ011 - the user's day
    write_voices(path, added)
    for file, enrolment in heard:
        spoken = clock(enrolment.spoken_ms)
        click.echo(f"{file.path}: {spoken} of speech, {enrolment.voiceprint.seconds:.1f} s of it in the voiceprint")
        for note in file.notes:
            click.echo(f"Note: {note}", err=True)
    count = len(added.prints_of(name))
    click.echo(f"{name} is known by {count} voiceprint{'' if count == 1 else 's'}, in {path}")
