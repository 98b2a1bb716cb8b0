"""``speaker-tracker stream``: audio to a running server, from a file, another program or a microphone."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from speaker_tracker.cli.help_text import examples
from speaker_tracker.cli.stream.display_choice import display_for
from speaker_tracker.cli.stream.session import run_session
from speaker_tracker.cli.stream.source import AudioSource, FileSource
from speaker_tracker.cli.tracking_options import TrackingOptions, tracking_options
from speaker_tracker.cli.voices.learning import VoiceOptions, voice_options
from speaker_tracker.client import DEFAULT_URL, Backoff
from speaker_tracker.client.address import redacted
from speaker_tracker.results.formats import TrackedFile, as_document

STANDARD_INPUT = "-"
MICROPHONE = "mic"


def _list_devices(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    from speaker_tracker.cli.stream.microphone import input_devices  # noqa: PLC0415 - an optional extra

    devices = input_devices()
    for number, name, default in devices:
        click.echo(f"{'*' if default else ' '} {number:>3}  {name}")
    if not devices:
        click.echo("There is no device to record from.")
    context.exit()


def _complete_audio(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    named = [CompletionItem(MICROPHONE)] if incomplete and MICROPHONE.startswith(incomplete) else []
    return [CompletionItem(incomplete, type="file"), *named]  # in this order, since click's script for bash forgets at a file


@click.command(
    short_help="Stream a file, a microphone or another program's audio to a running server.",
    epilog=examples(
        "speaker-tracker stream talk.flac --num-speakers 3 --plot talk.png",
        "speaker-tracker stream mic --url ws://192.168.1.20:8000/ws/session --learn",
        "ffmpeg -v error -i talk.mp4 -f s16le -ar 16000 -ac 1 - | speaker-tracker stream -",
        "speaker-tracker stream talk.flac | jq -c 'select(.event == \"speaker\")'",
    ),
)
@click.argument("audio", metavar="AUDIO|-|mic", shell_complete=_complete_audio)
@click.option("--url", default=DEFAULT_URL, show_default=True, help="Address of the server.")
@click.option("--token", help="Bearer token, if the server requires one.")
@click.option("--realtime", is_flag=True, help="Send at the pace of speech rather than as fast as possible.")
@click.option(
    "--reconnect-for",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    default=Backoff().give_up_seconds,
    show_default=True,
    help="How long to retry after a lost connection; 0: not at all.",
)
@click.option("--gap-on-stall", is_flag=True, help='With "-": the time in which nothing comes counts, as a gap.')
@click.option("--device", metavar="NAME|NUMBER", help="The microphone, if not the default one.")
@click.option(
    "--list-devices", is_flag=True, is_eager=True, expose_value=False, callback=_list_devices, help="Show the microphones and exit."
)
@tracking_options
@voice_options
def command(
    *, audio: str, device: str | None, gap_on_stall: bool, options: TrackingOptions, voices: VoiceOptions, **connection: Any
) -> None:
    """Stream audio to a running server and show who speaks.

    AUDIO is any file that libsndfile reads (WAV, FLAC, Ogg, MP3 ...). "-" takes raw PCM from standard input: 16 kHz, signed 16-bit
    little-endian, mono. "mic" records from a microphone (needs the extra mic); Ctrl-C ends it, with a report. Where the microphone
    gives nothing for a while, the time still counts; with "-" it does if --gap-on-stall is given.

    On a terminal there is a live view. Elsewhere each message of the server is a line of JSON, or with --json there is one document
    at the end.

    If the connection is lost, another session goes on with the audio that is not acknowledged yet.
    """
    if device is not None and audio != MICROPHONE:
        raise click.UsageError("--device chooses a microphone; write mic in the place of AUDIO")
    if gap_on_stall and audio != STANDARD_INPUT:
        raise click.UsageError("--gap-on-stall is for standard input; write - in the place of AUDIO")
    options.check([] if audio in (STANDARD_INPUT, MICROPHONE) else [Path(audio)])
    voices.check()
    known = voices.known()
    source = _source(audio, device, gap_on_stall=gap_on_stall)
    display = display_for(source, redacted(connection["url"]), as_document=options.as_document)
    try:
        with display:
            outcome = asyncio.run(
                run_session(
                    source,
                    display,
                    num_speakers=options.num_speakers,
                    confidence=options.confidence,
                    known_voices=known,
                    voiceprints=voices.learns,
                    **connection,
                )
            )
    except asyncio.CancelledError as error:
        raise KeyboardInterrupt from error
    display.finished(outcome.report, outcome.recorder)
    tracked = TrackedFile(
        source.path,
        source.seconds or outcome.seconds,
        outcome.report,
        outcome.recorder,
        options.reference_turns(),
        knows_voices=voices.recognizes,
    )
    if options.as_document:
        document = as_document(tracked)
        if len(outcome.parts) > 1:
            document["parts"] = outcome.parts
        click.echo(json.dumps(document, indent=2))
    for note in (*outcome.notes, *source.notes):
        click.echo(f"Note: {note}", err=True)
    options.write_files([tracked])
    voices.add(outcome.report, outcome.voiceprints)
    if outcome.failure is not None:
        raise outcome.failure
    source.check_whole()


def _source(audio: str, device: str | None, *, gap_on_stall: bool) -> AudioSource:
    if audio == MICROPHONE:
        from speaker_tracker.cli.stream.microphone import Microphone  # noqa: PLC0415 - an optional extra

        return Microphone(device)
    if audio == STANDARD_INPUT:
        from speaker_tracker.cli.stream.standard_input import StandardInput  # noqa: PLC0415 - not needed for files

        return StandardInput(gap_on_stall=gap_on_stall)
    return FileSource(Path(audio))
