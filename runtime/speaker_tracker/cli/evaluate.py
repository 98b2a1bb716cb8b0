"""``speaker-tracker evaluate``: accuracy, latency and speed on conversations with references."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click

from speaker_tracker.cli.common import check_picture, config_option, settings_from
from speaker_tracker.cli.evaluation_run import EvaluationRun
from speaker_tracker.cli.evaluation_tables import print_tables
from speaker_tracker.cli.help_text import examples
from speaker_tracker.cli.known_voices_tables import print_cuts, print_known_voices
from speaker_tracker.engine.assembly import build_chain, configure_chain
from speaker_tracker.evaluation.annotations import check_installed
from speaker_tracker.evaluation.bounds import similarities
from speaker_tracker.evaluation.changes import change_times
from speaker_tracker.evaluation.detection import overlaps
from speaker_tracker.evaluation.known_voices.documents import cuts_json, known_voices_json
from speaker_tracker.evaluation.known_voices.people import MAX_VOICES
from speaker_tracker.evaluation.manifest import WHOLE, Part, read_manifest, select
from speaker_tracker.evaluation.results import as_json
from speaker_tracker.evaluation.runner import Evaluator
from speaker_tracker.results import plot
from speaker_tracker.results.output_file import check_writable, write_atomically
from speaker_tracker.results.panel import Panel
from speaker_tracker.results.segmentation import Segmentation, heard_segmentation
from speaker_tracker.results.tracking import DEFAULT_FRAME_MS

Result = TypeVar("Result")
Result_contra = TypeVar("Result_contra", contravariant=True)

KNOWN_VOICES, KNOWN_SECONDS = 10, 60.0
"""Defaults of ``--known-voices`` and ``--known-seconds``."""
NOT_EXPLAINED = "--group, --uri, --part, --jobs, --oracle, --confidence, --known, --cut, --verbose and --json"


class PrintResults(Protocol[Result_contra]):
    """Prints tables of results; ``verbose``: of each conversation, too."""

    def __call__(self, results: Sequence[Result_contra], *, verbose: bool) -> None:
        """Prints them."""
        ...


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
        "speaker-tracker evaluate manifest.json --known people/ --known-voices 10",
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
    help="Length of the audio frames.",
)
@click.option("--oracle", is_flag=True, help="Also score embeddings labelled by the reference and by KMeans.")
@click.option("--confidence", is_flag=True, help="Also measure how often segments are right that are said to be so.")
@click.option(
    "--known",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Measure who is called by the right name, and who by none.",
)
@click.option(
    "--known-voices",
    type=click.IntRange(1, MAX_VOICES),
    help=f"Persons known in each.  [default: {KNOWN_VOICES}]",
)
@click.option(
    "--known-seconds",
    type=click.FloatRange(5.0, 600.0),
    help=f"Heard of each recording.  [default: {KNOWN_SECONDS:g}]",
)
@click.option("--cut", is_flag=True, help="Measure who is known again after a cut in mid-conversation.")
@click.option(
    "--explain",
    metavar="URI",
    help="Draw one conversation instead: every timeline, what was heard, and the similarity of its voices.",
)
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
    known: Path | None,
    known_voices: int | None,
    known_seconds: float | None,
    cut: bool,
    explain: str | None,
    picture: Path | None,
    verbose: bool,
    as_document: bool,
) -> None:
    """Measure accuracy, latency and speed on the conversations of MANIFEST.

    MANIFEST is a JSON list of {"uri", "audio", "rttm", "num_speakers", "group", "seconds"}, paths relative to it. Every
    conversation goes through the same session as on the server. The online timeline (labels as first announced) and the final one
    are scored by the diarization error rate, with collar 0 and overlapped speech. Latency is the audio received when an instant got
    its first label, less the instant.

    With --known or --cut it measures known voices instead: in DIR are folders NAME with recordings of NAME alone.
    """
    check_installed()
    if (explain is None) != (picture is None):
        raise click.UsageError("--explain URI and --plot FILE.png go together")
    choices = groups or uris or part != WHOLE
    measures = oracle or confidence or known is not None or cut
    if explain is not None and (choices or jobs is not None or measures or verbose or as_document):
        raise click.UsageError(f"--explain draws one conversation and measures none; leave {NOT_EXPLAINED} out")
    if explain is not None and picture is not None:
        _explain(manifest, explain, picture, frame_ms)
        return
    if known is None and (known_voices is not None or known_seconds is not None):
        raise click.UsageError("--known-voices and --known-seconds go with --known DIR")
    if (known is not None) + cut + (oracle or confidence) > 1:
        raise click.UsageError("--known, --cut, and --oracle or --confidence measure different things; choose one of them")
    conversations = select(read_manifest(manifest), groups, uris, part)
    settings = settings_from()
    configure_chain(settings)
    run = EvaluationRun(conversations, partial(build_chain, settings), frame_ms, jobs or os.cpu_count() or 1)
    if known is not None:
        measured = run.known_voices(known, known_voices or KNOWN_VOICES, known_seconds or KNOWN_SECONDS)
        _show(measured, known_voices_json, print_known_voices, as_document=as_document, verbose=verbose)
    elif cut:
        _show(run.cuts(), cuts_json, print_cuts, as_document=as_document, verbose=verbose)
    else:
        evaluator = Evaluator(run.load_chain, frame_ms, bounds=oracle, confidence=confidence)
        _show(run.results(evaluator), as_json, print_tables, as_document=as_document, verbose=verbose)


def _show(
    results: Sequence[Result],
    document: Callable[[Sequence[Result]], dict[str, Any]],
    print_results: PrintResults[Result],
    *,
    as_document: bool,
    verbose: bool,
) -> None:
    if as_document:
        click.echo(json.dumps(document(results), indent=2))
    else:
        print_results(results, verbose=verbose)


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
    seconds = conversation.seconds
    true = Segmentation(
        overlaps=[(start, end, 1.0) for start, end in overlaps(observed.reference, seconds)],
        changes=[(change, change, 1.0) for change in change_times(observed.reference, seconds)],
    )
    panel = Panel(
        title=uri,
        seconds=observed.tracking.seconds,
        online=recorder.online,
        final=recorder.final,
        reference=observed.reference,
        times=times.tolist(),
        similarities={speaker: values.tolist() for speaker, values in cosines.items()},
        true=true,
        heard=heard_segmentation(observed.heard),
    )
    write_atomically(picture, plot.draw([panel]))
