"""``speaker-tracker bench``: what live sessions cost on this machine, and how many it carries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from speaker_tracker.benchmark.steps import RAMP_SECONDS, WARM_UP_SECONDS
from speaker_tracker.cli.bench_run import BenchRun, Measure
from speaker_tracker.cli.common import check_picture, config_option, settings_from
from speaker_tracker.cli.help_text import examples
from speaker_tracker.engine.assembly import configure_chain, find_observers, find_plugins
from speaker_tracker.protocol import DEFAULT_SPEAKERS, MAX_SPEAKERS
from speaker_tracker.results.output_file import check_writable, write_atomically
from speaker_tracker.results.tracking import DEFAULT_FRAME_MS

FRAME_MS = 100
"""Length of the frames of live clients."""
FILE_FRAME_MS = DEFAULT_FRAME_MS
"""Length of the pieces in which a file is tracked."""
RUNS = {Measure.COLD_START: 5, Measure.FILE: 3, Measure.LOAD: 3}
"""Defaults of ``--runs``."""
SECONDS, LIMIT, TARGET_MS, SPEED = 20.0, 256, 500.0, 20.0
"""Defaults of options."""


def _names(_context: click.Context, _parameter: click.Parameter, value: str | None) -> list[str] | None:
    return None if value is None else [name.strip() for name in value.split(",") if name.strip()]


def _numbers(_context: click.Context, _parameter: click.Parameter, value: str | None) -> list[int]:
    numbers = [] if value is None else value.split(",")
    if not all(number.strip().isdecimal() and int(number) > 0 for number in numbers):
        raise click.BadParameter(f"{value!r} is no list of numbers above 0, such as 8,16,24")
    return [int(number) for number in numbers]


@click.command(
    short_help="Measure delay, CPU time and memory of live sessions on this machine.",
    epilog=examples(
        "speaker-tracker bench talk.flac --baseline --json result.json --plot result.png",
        "speaker-tracker bench talk.flac --sessions 8,16,24",
        "speaker-tracker bench talk.flac --soak 8 --speed 20",
    ),
)
@click.argument("audio", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--sessions", callback=_numbers, metavar="N,N,...", help="Numbers of sessions to try; default: until it is too many.")
@click.option("--limit", type=click.IntRange(1, 10_000), help=f"The most to try.  [default: {LIMIT}]")
@click.option("--seconds", type=click.FloatRange(1, 3600), help=f"Time that each step counts.  [default: {SECONDS:g}]")
@click.option(
    "--ramp", type=click.FloatRange(0, 3600), help=f"Time before, over which sessions begin.  [default: {RAMP_SECONDS:g}]"
)
@click.option("--warm-up", type=click.FloatRange(0, 3600), help=f"Time between.  [default: {WARM_UP_SECONDS:g}]")
@click.option("--target-ms", type=click.FloatRange(1, 1e6), help=f"Longest 95th percentile of the delay.  [default: {TARGET_MS:g}]")
@click.option("--admission", is_flag=True, help="Let the server turn sessions away as it is set to.")
@click.option("--baseline", is_flag=True, help="Also compare with the plain way: each window alone, no batches.")
@click.option("--cold-start", is_flag=True, help="Measure the start instead: until ready, and until the first label.")
@click.option("--soak", type=click.FloatRange(0.001, 1000), metavar="HOURS", help="Measure a long session instead.")
@click.option("--speed", type=click.FloatRange(0.1, 10_000), help=f"With --soak: times real time.  [default: {SPEED:g}]")
@click.option("--profile", is_flag=True, help="Tell instead where a loaded server's time goes, by stage and by what.")
@click.option("--file", "as_file", is_flag=True, help="Measure one session in this process instead, as fast as it goes.")
@click.option("--runs", type=click.IntRange(1, 1000), help="Repetitions of --cold-start, --file, --baseline.  [default: 5, 3, 3]")
@click.option(
    "--num-speakers", type=click.IntRange(1, MAX_SPEAKERS), default=DEFAULT_SPEAKERS, show_default=True, help="Of a session."
)
@click.option(
    "--frame-ms", type=click.IntRange(1, 10_000), help=f"Length of frames.  [default: {FRAME_MS}; --file: {FILE_FRAME_MS}]"
)
@click.option("--json", "document", type=click.Path(path_type=Path), metavar="FILE", help="Write all figures as JSON.")
@click.option("--plot", "picture", type=click.Path(path_type=Path), metavar="FILE.png", help="Draw steps, or a soak, as a picture.")
@click.option("--stages", callback=_names, metavar="NAME,NAME,...", help="The chain: names of stages, in order.")
@click.option("--workers", type=click.IntRange(1, 256), help="Server processes.  [default: 1]")
@config_option
def command(  # noqa: PLR0913 - one argument for each option
    *,
    audio: Sequence[Path],
    sessions: list[int],
    limit: int | None,
    seconds: float | None,
    ramp: float | None,
    warm_up: float | None,
    target_ms: float | None,
    admission: bool,
    baseline: bool,
    cold_start: bool,
    soak: float | None,
    speed: float | None,
    profile: bool,
    as_file: bool,
    runs: int | None,
    num_speakers: int,
    frame_ms: int | None,
    document: Path | None,
    picture: Path | None,
    stages: list[str] | None,
    workers: int | None,
) -> None:
    """Measure how many live sessions this machine carries, and what each costs.

    A real server runs in a process of its own, and clients in another send AUDIO in real time, over and over. Sessions are
    added until messages come too late.
    """
    measure = _measure(cold_start=cold_start, soak=soak is not None, profile=profile, as_file=as_file)
    _check_options(
        measure,
        {
            "--sessions": bool(sessions),
            "--limit": limit is not None,
            "--seconds": seconds is not None,
            "--ramp": ramp is not None,
            "--warm-up": warm_up is not None,
            "--target-ms": target_ms is not None,
            "--admission": admission,
            "--baseline": baseline,
            "--speed": speed is not None,
            "--runs": runs is not None and (measure is not Measure.LOAD or not baseline),
            "--plot": picture is not None,
            "--workers": workers is not None,
        },
    )
    if limit is not None and sessions:
        raise click.UsageError("--limit bounds the search, and --sessions says what to try; choose one of them")
    if len(sessions) > 1 and measure is not Measure.LOAD:
        raise click.UsageError(f"{measure.value} takes one number of --sessions")
    settings = settings_from(stages=stages, workers=workers)
    plugins = find_plugins(settings)
    configure_chain(settings, plugins)
    find_observers(settings, plugins)
    for path in (document, picture):
        if path is not None:
            check_writable(path)
    if picture is not None:
        check_picture(picture)
    run = BenchRun(
        settings=settings,
        audio=list(audio),
        num_speakers=num_speakers,
        frame_ms=frame_ms or (FILE_FRAME_MS if measure is Measure.FILE else FRAME_MS),
        sessions=sessions,
        limit=limit or LIMIT,
        seconds=seconds or SECONDS,
        ramp=RAMP_SECONDS if ramp is None else ramp,
        warm_up=WARM_UP_SECONDS if warm_up is None else warm_up,
        target_ms=target_ms or TARGET_MS,
        admission=admission,
        rounds=(runs or RUNS[Measure.LOAD]) if baseline else 0,
        runs=runs or RUNS.get(measure, 1),
        hours=soak or 0.0,
        speed=speed or SPEED,
    )
    result = run.measured(measure)
    if document is not None:
        write_atomically(document, json.dumps(result.document, indent=2) + "\n")
    if picture is not None and result.draw is not None:
        write_atomically(picture, result.draw())


FITTING: dict[str, tuple[Measure, ...]] = {
    "--sessions": (Measure.LOAD, Measure.SOAK, Measure.PROFILE),
    "--limit": (Measure.LOAD,),
    "--seconds": (Measure.LOAD, Measure.PROFILE),
    "--ramp": (Measure.LOAD, Measure.PROFILE),
    "--warm-up": (Measure.LOAD, Measure.PROFILE),
    "--target-ms": (Measure.LOAD,),
    "--admission": (Measure.LOAD,),
    "--baseline": (Measure.LOAD,),
    "--speed": (Measure.SOAK,),
    "--runs": (Measure.COLD_START, Measure.FILE),
    "--plot": (Measure.LOAD, Measure.SOAK),
    "--workers": (Measure.LOAD, Measure.COLD_START, Measure.SOAK, Measure.PROFILE),
}
"""What each option can be combined with; others with all."""


def _measure(*, cold_start: bool, soak: bool, profile: bool, as_file: bool) -> Measure:
    chosen = [
        measure
        for measure, wanted in (
            (Measure.COLD_START, cold_start),
            (Measure.SOAK, soak),
            (Measure.PROFILE, profile),
            (Measure.FILE, as_file),
        )
        if wanted
    ]
    if len(chosen) > 1:
        raise click.UsageError(f"{' and '.join(each.value for each in chosen)} measure different things; choose one of them")
    return chosen[0] if chosen else Measure.LOAD


def _check_options(measure: Measure, given: dict[str, Any]) -> None:
    for option, is_given in given.items():
        if not is_given or measure in FITTING[option]:
            continue
        if measure is not Measure.LOAD:
            raise click.UsageError(f"{option} does not go with {measure.value}; leave one of them out")
        others = [each.value for each in FITTING[option]] + (["--baseline"] if option == "--runs" else [])
        raise click.UsageError(f"{option} goes with {' or '.join(others)}")
