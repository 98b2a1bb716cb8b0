"""``speaker-tracker evaluate``: accuracy, latency and speed on conversations with references."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.table import Table

from speaker_tracker.cli.common import check_picture, config_option, settings_from
from speaker_tracker.cli.help_text import examples
from speaker_tracker.cli.progress import progress_bar
from speaker_tracker.engine.assembly import build_chain, configure_chain
from speaker_tracker.evaluation.bounds import similarities
from speaker_tracker.evaluation.manifest import WHOLE, Part, read_manifest, select
from speaker_tracker.evaluation.reliability import Reliability
from speaker_tracker.evaluation.results import ALL, ConversationResult, Summary, as_json, summarize
from speaker_tracker.evaluation.runner import Evaluator, evaluate
from speaker_tracker.evaluation.scoring import DiarizationError, check_installed
from speaker_tracker.results import plot
from speaker_tracker.results.output_file import check_writable, write_atomically
from speaker_tracker.results.tracking import DEFAULT_FRAME_MS

MIN_WIDTH = 100
NOT_EXPLAINED = "--group, --uri, --part, --jobs, --oracle, --confidence, --verbose and --json"
ERROR_TITLES = "{}\nDER|\nmiss|\nf.a.|\nconf"


def _parse_part(_context: click.Context, _parameter: click.Parameter, value: str) -> Part:
    number, _, parts = value.partition("/")
    if not (number.isdecimal() and parts.isdecimal() and 1 <= int(number) <= int(parts)):
        raise click.BadParameter(f"{value!r} is not the number of a part and how many there are, such as 1/2 or 2/2")
    return int(number), int(parts)


@click.command(
    short_help="Measure accuracy, latency and speed on conversations with references.",
    epilog=examples(
        "speaker-tracker evaluate manifest.json --jobs 4",
        "speaker-tracker evaluate manifest.json --group noisy --oracle --verbose",
        "speaker-tracker evaluate manifest.json --explain talk --plot talk.png",
    ),
)
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--group", "groups", multiple=True, help="Only conversations of this group; may be given several times.")
@click.option("--uri", "uris", multiple=True, help="Only this conversation; may be given several times.")
@click.option("--part", default="1/1", callback=_parse_part, metavar="K/N", help="Every N-th conversation only, from the K-th on.")
@click.option("--jobs", type=click.IntRange(min=1), help="Number of processes.  [default: one per core]")
@click.option(
    "--frame-ms",
    type=click.IntRange(1, 10_000),
    default=DEFAULT_FRAME_MS,
    show_default=True,
    help="Length of the audio frames fed to the session.",
)
@click.option("--oracle", is_flag=True, help="Also score the embeddings labelled by the reference, and by KMeans offline.")
@click.option("--confidence", is_flag=True, help="Also measure how often segments are right that are said to be so.")
@click.option("--explain", metavar="URI", help="Draw one conversation instead: every timeline, and the similarity of its voices.")
@click.option("--plot", "picture", type=click.Path(path_type=Path), metavar="FILE.png", help="File for the picture of --explain.")
@click.option("--verbose", "-v", is_flag=True, help="Also print a line for every conversation.")
@click.option("--json", "as_document", is_flag=True, help="One JSON document, for machines.")
@config_option
def command(  # noqa: PLR0913 - one argument for each option
    *,
    manifest: Path,
    groups: Sequence[str],
    uris: Sequence[str],
    part: Part,
    jobs: int | None,
    frame_ms: int,
    oracle: bool,
    confidence: bool,
    explain: str | None,
    picture: Path | None,
    verbose: bool,
    as_document: bool,
) -> None:
    """Measure accuracy, latency and speed on the conversations of MANIFEST.

    MANIFEST is a JSON list of {"uri", "audio", "rttm", "num_speakers", "group", "seconds"}, paths relative to it. Every
    conversation goes through the same session as on the server. Two timelines are scored: online (for each instant the label
    first announced for it) and final (the report's), by the diarization error rate of pyannote.metrics with collar 0 and
    overlapped speech. Latency is the amount of audio received when an instant got its first label, less the instant itself.
    """
    check_installed()
    if (explain is None) != (picture is None):
        raise click.UsageError("--explain URI and --plot FILE.png go together")
    choices = groups or uris or part != WHOLE
    if explain is not None and (choices or jobs is not None or oracle or confidence or verbose or as_document):
        raise click.UsageError(f"--explain draws one conversation and measures none; leave {NOT_EXPLAINED} out")
    if explain is not None and picture is not None:
        _explain(manifest, explain, picture, frame_ms)
        return
    conversations = select(read_manifest(manifest), groups, uris, part)
    settings = settings_from()
    configure_chain(settings)
    evaluator = Evaluator(partial(build_chain, settings), frame_ms, bounds=oracle, confidence=confidence)
    results: list[ConversationResult] = []
    with (
        progress_bar(f"{len(conversations)} conversations", sum(conversation.seconds for conversation in conversations)) as advance,
        closing(evaluate(evaluator, conversations, jobs or os.cpu_count() or 1)) as finished,
    ):
        for result in finished:
            results.append(result)
            advance(result.seconds)
    order = [conversation.uri for conversation in conversations]
    results.sort(key=lambda result: order.index(result.uri))
    if as_document:
        click.echo(json.dumps(as_json(results), indent=2))
    else:
        _print_tables(results, verbose=verbose)


def _explain(manifest: Path, uri: str, picture: Path, frame_ms: int) -> None:
    check_picture(picture)
    check_writable(picture)
    (conversation,) = select(read_manifest(manifest), (), (uri,))
    settings = settings_from()
    configure_chain(settings)
    with closing(Evaluator(partial(build_chain, settings), frame_ms)) as evaluator:
        observed = evaluator.observe(conversation)
    recorder = observed.tracking.recorder
    times, cosines = similarities(observed.embeddings, recorder.final)
    panel = plot.Panel(
        title=uri,
        seconds=observed.tracking.seconds,
        online=recorder.online,
        final=recorder.final,
        reference=observed.reference,
        times=times.tolist(),
        similarities={speaker: values.tolist() for speaker, values in cosines.items()},
    )
    write_atomically(picture, plot.draw([panel]))


def _print_tables(results: Sequence[ConversationResult], *, verbose: bool) -> None:
    console = Console(highlight=False)
    console.width = max(console.width, MIN_WIDTH)
    if verbose:
        files = _table("conversation", "voices")
        for result in results:
            alone = Summary()
            alone.add(result)
            _add_row(files, result.uri, f"{result.speakers}/{result.num_speakers}", alone)
        console.print(files)
    groups = _table("group", "files")
    for name, summary in summarize(results).items():
        if name == ALL:
            groups.add_section()
        _add_row(groups, name, str(summary.files), summary)
    console.print(groups)
    if any(result.oracle for result in results):
        _print_bounds(console, results)
    if any(result.reliability for result in results):
        _print_reliability(console, results)
    console.print(
        "DER = missed + false alarm + confusion, in % of the reference's speaker time;\n"
        "id sw.: speaker ids that passed to another voice; RTF: real-time factor"
    )


def _print_bounds(console: Console, results: Sequence[ConversationResult]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("\ngroup", overflow="fold")
    for title in (*ERROR_TITLES.format("oracle").split("|"), *ERROR_TITLES.format("hindsight").split("|")):
        table.add_column(title, justify="right", no_wrap=True)
    for name, summary in summarize(results).items():
        if name == ALL:
            table.add_section()
        table.add_row(name, *_parts(summary.oracle or DiarizationError()), *_parts(summary.hindsight or DiarizationError()))
    console.print(table)
    console.print("oracle: the same embeddings labelled by the reference; hindsight: by KMeans, offline")


def _print_reliability(console: Console, results: Sequence[ConversationResult]) -> None:
    sums = summarize(results)[ALL].reliability or Reliability()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("confidence")
    for title in ("seconds", "said", "right"):
        table.add_column(title, justify="right")
    for row in sums.rows:
        table.add_row(f"{row.least:.2f} - {row.most:.2f}", f"{row.seconds:.1f}", f"{100 * row.said:.1f}", f"{100 * row.right:.1f}")
    console.print(table)
    error = "-" if sums.error is None else f"{100 * sums.error:.1f} %"
    console.print(f"final segments by confidence, in % of the time in which somebody speaks; calibration error {error}")


def _table(name: str, count: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(f"\n{name}", overflow="fold")
    for title in (f"\n{count}", *ERROR_TITLES.format("online").split("|"), *ERROR_TITLES.format("final").split("|")):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("id\nsw.", justify="right", no_wrap=True)
    table.add_column("latency s\nmed  p95", justify="right", no_wrap=True)
    table.add_column("\nRTF", justify="right", no_wrap=True)
    return table


def _add_row(table: Table, name: str, count: str, summary: Summary) -> None:
    median, p95 = ("-" if latency is None else f"{latency / 1000:.2f}" for latency in map(summary.latency.percentile, (50.0, 95.0)))
    errors = (*_parts(summary.online), *_parts(summary.final))
    table.add_row(name, count, *errors, str(summary.id_switches), f"{median} {p95}", f"{summary.real_time_factor:.3f}")


def _parts(error: DiarizationError) -> list[str]:
    shares = (error.rate, *map(error.share, (error.missed, error.false_alarm, error.confusion)))
    return ["-" if share is None else f"{100 * share:.1f}" for share in shares]
