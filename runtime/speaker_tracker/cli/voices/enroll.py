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
from speaker_tracker.errors import UserError
from speaker_tracker.protocol import ReportMessage, Voiceprint
from speaker_tracker.results.tracking import VoiceRequest, track

HEARD_VOICES = 2
"""Voices that a recording is searched for: more than one is too many."""
OTHER_SECONDS, OTHER_SHARE = 1.5, 0.03
"""Speech of another voice from which on a recording is refused: so many seconds, and such a share of all speech.

No other voice was heard at all in recordings of one voice each, of 4 to 75 s; where another person said 3 s of 27, they were heard
for 1.1 to 2.7 s in nearly all.
"""


class EnrolmentError(UserError):
    """A recording is not fit to know a voice by."""


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
    heard: list[tuple[AudioFile, Voiceprint, ReportMessage]] = []
    with FilesProgress(len(files), sum(file.seconds for file in files)) as progress:
        with progress.waiting("loading models"):
            chain = build_chain(settings_from())
        with closing(chain):
            model = check_model(voices, chain.voice_model, path)
            for file in files:
                with progress.file(str(file.path), file.seconds) as advance:
                    asked = VoiceRequest(model, voiceprints=True)
                    report = track(chain.open, file, HEARD_VOICES, on_progress=advance, voices=asked).report
                heard.append((file, only_voice(report, file.path), report))
    added = read_voices_if_any(path)
    for _, voiceprint, _ in heard:
        added = added.with_print(name, voiceprint, date.today())  # noqa: DTZ011 - the user's day
    write_voices(path, added)
    for file, voiceprint, report in heard:
        spoken = clock(report.speakers[0].totalTimeMs)
        click.echo(f"{file.path}: {spoken} of speech, {voiceprint.seconds:.1f} s of it in the voiceprint")
        for note in file.notes:
            click.echo(f"Note: {note}", err=True)
    count = len(added.prints_of(name))
    click.echo(f"{name} is known by {count} voiceprint{'' if count == 1 else 's'}, in {path}")


def only_voice(report: ReportMessage, path: Path) -> Voiceprint:
    """The voiceprint of the only voice in a recording ``path``.

    ``report``: that of tracking two voices at least, with voiceprints and other voices. A moment of another voice, as one voice may
    seem to be for a word, does not count. Raises ``EnrolmentError`` for another voice and for too little speech.
    """
    speakers = sorted(report.speakers, key=lambda speaker: -speaker.totalTimeMs)
    if not speakers:
        raise EnrolmentError(f"nobody speaks in {path}; a recording of at least 5 s of speech is needed")
    first, *others = speakers
    other_ms = sum(speaker.totalTimeMs for speaker in others) + (report.others.totalTimeMs if report.others is not None else 0)
    if other_ms >= max(1000 * OTHER_SECONDS, OTHER_SHARE * (first.totalTimeMs + other_ms)):
        raise EnrolmentError(
            f"{path} has more than one voice: one speaks for {first.totalTimeMs / 1000:.1f} s, and others for "
            f"{other_ms / 1000:.1f} s; take a recording in which nobody else speaks"
        )
    if first.voiceprint is None:
        raise EnrolmentError(
            f"{path} has too little speech: {first.totalTimeMs / 1000:.1f} s, of which less than 5 s are clear; take a longer one"
        )
    return first.voiceprint
