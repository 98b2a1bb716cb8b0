"""``speaker-tracker label``: gives each word of a transcript its speaker."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import click

from speaker_tracker.audio.file import AudioFile, AudioFileError
from speaker_tracker.cli.common import NamedPath, config_option, settings_from
from speaker_tracker.cli.help_text import examples
from speaker_tracker.cli.progress import FilesProgress
from speaker_tracker.cli.voices.learning import VoiceOptions
from speaker_tracker.cli.voices.options import check_model, check_name, optional_file
from speaker_tracker.engine.assembly import build_chain
from speaker_tracker.protocol import DEFAULT_SPEAKERS, MAX_SPEAKERS
from speaker_tracker.results.output_file import check_writable, write_atomically
from speaker_tracker.results.speaker_names import reported_names
from speaker_tracker.results.tracking import VoiceRequest, track
from speaker_tracker.transcripts.labelling import GAP_SECONDS, label
from speaker_tracker.transcripts.reading import KINDS, read_transcript
from speaker_tracker.transcripts.transcript import TranscriptError
from speaker_tracker.transcripts.turns import SpeakerTurn, renamed, report_turns, rttm_turns, turns_of
from speaker_tracker.transcripts.writing import OUTPUTS, Output, by_suffix, usual_output

STANDARD = Path("-")
"""Standard input or output."""


def _parse_names(_context: click.Context, _parameter: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    """``ID=NAME``, several of them separated by commas or in several options."""
    names: dict[str, str] = {}
    for part in (part for value in values for part in value.split(",")):
        speaker, sign, name = (each.strip() for each in part.partition("="))
        if not sign or not speaker:
            raise click.BadParameter(f"{part.strip()!r} is no ID=NAME; names are given as in 0=Anna,1=Ben")
        if speaker in names:
            raise click.BadParameter(f"speaker {speaker} is given two names; give one")
        try:
            names[speaker] = check_name(name)
        except ValueError as error:
            raise click.BadParameter(f"in {part.strip()!r}, {error}") from error
    return names


@click.command(
    short_help="Tell who says each word of a transcript, of Whisper or others.",
    epilog=examples(
        "speaker-tracker label talk.json --audio talk.mp3 --num-speakers 3 -o talk.vtt",
        "speaker-tracker label talk.srt --rttm talk.rttm --names '0=Anna,1=Ben' -o labelled.srt",
        "speaker-tracker label talk.json --report report.json --to text",
    ),
)
@click.argument("transcript", type=NamedPath(path_type=Path))
@click.option("--audio", type=NamedPath(path_type=Path), metavar="FILE", help="Find who speaks when in this recording.")
@click.option("--rttm", type=NamedPath(path_type=Path), metavar="FILE", help="Take who speaks when from an RTTM file.")
@click.option("--report", type=NamedPath(path_type=Path), metavar="FILE", help="Take it from the JSON of diarize or stream.")
@click.option("-o", "--output", type=NamedPath(path_type=Path), default=STANDARD, metavar="FILE", help="[default: standard output]")
@click.option("--to", type=click.Choice(list(OUTPUTS)), help="Format to write, if the ending of FILE does not say it.")
@click.option("--from", "kind", type=click.Choice(KINDS), help="Format of TRANSCRIPT, if it is not recognized.")
@click.option("--names", multiple=True, metavar="ID=NAME,...", callback=_parse_names, help="Names of speakers, by their number.")
@click.option(
    "--gap-seconds",
    type=click.FloatRange(0, 60),
    default=GAP_SECONDS,
    show_default=True,
    help="How far from somebody's turn a word may lie and still be theirs.",
)
@click.option(
    "--num-speakers",
    type=click.IntRange(1, MAX_SPEAKERS),
    help=f"With --audio: how many voices to track.  [default: {DEFAULT_SPEAKERS}]",
)
@optional_file("--voices", help="With --audio: name people whose voices are kept in FILE.")
@config_option
def command(  # noqa: PLR0913 - one parameter for each option
    *,
    transcript: Path,
    audio: Path | None,
    rttm: Path | None,
    report: Path | None,
    output: Path,
    to: str | None,
    kind: str | None,
    names: Mapping[str, str],
    gap_seconds: float,
    num_speakers: int | None,
    voices: Path | None,
) -> None:
    """Tell who says each word of TRANSCRIPT: JSON of Whisper, WhisperX, whisper.cpp, Deepgram, AssemblyAI or Google; SRT;
    WebVTT; CSV or TSV with start, end and text. `-` is standard input.

    Written are SRT, WebVTT, the same JSON with speakers, text or Markdown.
    """  # noqa: D205 - click's help begins with the paragraph
    sources = [path for path in (audio, rttm, report) if path is not None]
    if len(sources) != 1:
        raise click.UsageError("who speaks when comes from one of --audio, --rttm and --report; name one")
    if audio is None and (num_speakers is not None or voices is not None):
        raise click.UsageError("--num-speakers and --voices are for --audio, which is not given")
    _check_output(output, to, [transcript, *sources, *([] if voices is None else [voices])])
    read = read_transcript(_content(transcript), str(transcript), kind)
    wanted = _output(output, to) or usual_output(read)
    unread: AudioFileError | None = None
    if audio is not None:
        turns, unread = _tracked(audio, num_speakers or DEFAULT_SPEAKERS, VoiceOptions(voices))
    else:
        turns = rttm_turns(rttm, transcript.stem) if rttm is not None else report_turns(sources[0], transcript.stem)
    labelled = label(read, renamed(turns, names), gap_seconds)
    text = wanted.render(read)
    if output == STANDARD:
        click.echo(text, nl=False)
    else:
        write_atomically(output, text)
    if not labelled.words:
        click.echo(f"Note: {transcript} has no words", err=True)
    elif labelled.nobody:
        click.echo(
            f"Note: {labelled.nobody} of {labelled.words} words are nobody's, as nobody speaks within {gap_seconds:g} s of them",
            err=True,
        )
    if unread is not None:
        raise unread


def _output(path: Path, to: str | None) -> Output | None:
    """The format that is asked for; None if nothing says it."""
    return OUTPUTS[to] if to is not None else by_suffix(path.suffix)


def _check_output(path: Path, to: str | None, inputs: Sequence[Path]) -> None:
    """Raises ``UserError`` if the result could not be written."""
    if path == STANDARD:
        return
    if _output(path, to) is None:
        endings = ", ".join(suffix for output in OUTPUTS.values() for suffix in output.suffixes)
        raise click.UsageError(f"{path.name!r} does not say what to write; give it one of the endings {endings}, or say it by --to")
    if path.resolve() in {one.resolve() for one in inputs}:
        raise click.UsageError(f"{path} is read; name another file to write to")
    check_writable(path)


def _content(path: Path) -> bytes:
    """Raises ``TranscriptError``."""
    try:
        return sys.stdin.buffer.read() if path == STANDARD else path.read_bytes()
    except FileNotFoundError as error:
        raise TranscriptError(f"there is no file {path}") from error
    except OSError as error:
        raise TranscriptError(f"{path} cannot be read: {error.strerror}") from error


def _tracked(path: Path, num_speakers: int, voices: VoiceOptions) -> tuple[list[SpeakerTurn], AudioFileError | None]:
    """Who speaks when in a recording, by the configured chain, and what keeps it from being read to its end, if anything does.

    Raises ``UserError`` if nothing can be read.
    """
    voices.check()
    known = tuple(voices.known())
    file = AudioFile(path)
    with FilesProgress(1, file.seconds) as progress:
        with progress.waiting("loading models"):
            chain = build_chain(settings_from())
        with closing(chain):
            asked = None
            if voices.recognizes:
                asked = VoiceRequest(check_model(voices.read(), chain.voice_model, voices.target), known)
            with progress.file(str(path), file.seconds) as advance:
                tracking = track(chain.open, file, num_speakers, on_progress=advance, voices=asked)
    for note in file.notes:
        click.echo(f"Note: {note}", err=True)
    turns = turns_of(tracking.recorder.final, reported_names(tracking.report))
    try:
        file.check_whole()
    except AudioFileError as error:
        return turns, error
    return turns, None
