"""``speaker-tracker diarize``: who speaks when in audio files, in process."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from speaker_tracker.assembly import build_chain
from speaker_tracker.audio_file import AudioFile
from speaker_tracker.cli.common import config_option, settings_from
from speaker_tracker.cli.progress import progress_bar
from speaker_tracker.cli.tracking_options import TrackedFile, TrackingOptions, tracking_options
from speaker_tracker.cli.tracking_output import TurnPrinter, as_json, print_speakers
from speaker_tracker.tracking import Tracking, track


@click.command(short_help="Tell who speaks when in audio files, without a server.")
@click.argument("audio", type=click.Path(path_type=Path), nargs=-1, required=True)
@tracking_options
@config_option
def command(audio: Sequence[Path], options: TrackingOptions) -> None:
    """Tell who speaks when in AUDIO: any files that libsndfile reads (WAV, FLAC, Ogg, MP3 ...).

    The files go through the same session as on the server, in this process. With several files --rttm writes one file, in which
    each is called by its name without the ending, and --json prints a list.
    """
    _check_names(audio, options)
    options.check(audio)
    files = [AudioFile(path) for path in audio]
    chain = build_chain(settings_from())
    tracked = []
    for file in files:
        with progress_bar(str(file.path), file.seconds) as advance:
            tracking = track(chain.open, file, options.num_speakers, on_progress=advance)
        tracked.append(TrackedFile(file.path, file.seconds, tracking.report, tracking.recorder))
        if not options.as_document:
            _print(tracked[-1], tracking)
    if options.as_document:
        documents = [as_json(one) for one in tracked]
        click.echo(json.dumps(documents if len(documents) > 1 else documents[0], indent=2))
    options.write_files(tracked)


def _check_names(audio: Sequence[Path], options: TrackingOptions) -> None:
    name, count = Counter(path.stem for path in audio).most_common(1)[0]
    if options.rttm is not None and count > 1:
        raise click.UsageError(f"{count} files are called {name!r}; RTTM tells files apart by this name, so write them one by one")


def _print(file: TrackedFile, tracking: Tracking) -> None:
    click.echo(f"{file.path} ({file.seconds:.1f} s, processed in {tracking.processing_seconds:.1f} s)")
    printer = TurnPrinter()
    printer.feed(file.recorder.final)
    printer.finish()
    print_speakers(file.report)
