"""``speaker-tracker stream``: an audio file to a running server."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import click

from speaker_tracker.audio_file import AudioFile
from speaker_tracker.cli.progress import progress_bar
from speaker_tracker.cli.tracking_options import TrackedFile, TrackingOptions, tracking_options
from speaker_tracker.cli.tracking_output import TurnPrinter, as_json, print_speakers
from speaker_tracker.client import DEFAULT_URL, ClientError, StreamResult, connect, stream
from speaker_tracker.client.streaming import BYTES_PER_SECOND
from speaker_tracker.latency import LatencyHistogram

FRAME_MS = 100


@click.command(short_help="Stream an audio file to a running server.")
@click.argument("audio", type=click.Path(path_type=Path))
@click.option("--url", default=DEFAULT_URL, show_default=True, help="Address of the server.")
@click.option("--token", help="Bearer token, where the server wants one.")
@click.option("--realtime", is_flag=True, help="As fast as it is spoken; else as fast as the server takes it.")
@tracking_options
def command(audio: Path, url: str, token: str | None, *, realtime: bool, options: TrackingOptions) -> None:
    """Stream AUDIO to a running server and show who speaks, as the server tells.

    AUDIO is any file that libsndfile reads (WAV, FLAC, Ogg, MP3 ...).
    """
    options.check([audio])
    file = AudioFile(audio)
    printer = TurnPrinter()
    quiet = options.as_document
    # On one terminal the lines of the conversation show the progress; a bar would be drawn across them.
    bar = nullcontext(lambda _: None) if sys.stdout.isatty() and not quiet else progress_bar(str(audio), file.seconds)

    async def session(frames: Iterator[bytes]) -> StreamResult:
        on_labelled = None if quiet else printer.feed
        async with connect(url, token=token) as connection:
            return await stream(connection, frames, options.num_speakers, realtime=realtime, on_labelled=on_labelled)

    with bar as advance:
        result = asyncio.run(session(_counted(file.frames(FRAME_MS), advance)))
    tracked = TrackedFile(audio, file.seconds, result.report, result.recorder)
    if quiet:
        click.echo(json.dumps(as_json(tracked), indent=2))
    else:
        printer.finish()
        print_speakers(result.report)
        _print_latency(result.recorder.latency)
    options.write_files([tracked])
    if result.cut_short:
        raise ClientError(f"{url} shut down before all audio was taken in; the report covers only a part of it")


def _counted(frames: Iterator[bytes], advance: Callable[[float], object]) -> Iterator[bytes]:
    for frame in frames:
        yield frame
        advance(len(frame) / BYTES_PER_SECOND)


def _print_latency(latency: LatencyHistogram) -> None:
    median, p95 = latency.percentile(50), latency.percentile(95)
    if median is not None and p95 is not None:
        click.echo(f"Speech was labelled {median / 1000:.2f} s after it was heard (median; 95 % within {p95 / 1000:.2f} s).")
