"""``speaker-tracker evaluate-embedding``: speaker verification by the configured voice model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from speaker_tracker.cli.common import config_option, settings_from
from speaker_tracker.cli.help_text import examples
from speaker_tracker.cli.progress import progress_bar
from speaker_tracker.engine.assembly import configure_chain
from speaker_tracker.evaluation.embedding import WindowEmbedder, embedding_stage, measure
from speaker_tracker.evaluation.utterances import (
    Utterance,
    read_samples,
    read_utterances,
    through_line,
    utterance_files,
    with_noise,
)
from speaker_tracker.evaluation.verification import equal_error_rate

NORMALIZATIONS = {"window": "own mean", "session": "context's mean"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One equal error rate. ``trials``: number of same-speaker and of different-speaker pairs of windows."""

    condition: str
    seconds: float
    normalization: str
    equal_error_rate: float
    trials: tuple[int, int]


@click.command(
    short_help="Measure how well the voice model tells speakers apart.",
    epilog=examples(
        "speaker-tracker evaluate-embedding speakers/",
        "speaker-tracker evaluate-embedding speakers/ --seconds 1.5 --noise noise.flac --snr 10",
        "speaker-tracker evaluate-embedding speakers/ --line-rate 8000 --json",
    ),
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--seconds",
    type=click.FloatRange(0.3, 5.0),
    multiple=True,
    default=(1.0, 1.5, 3.0),
    show_default=True,
    help="Length of the windows; may be given several times.",
)
@click.option(
    "--normalization",
    "normalizations",
    type=click.Choice(list(NORMALIZATIONS)),
    multiple=True,
    default=tuple(NORMALIZATIONS),
    show_default=True,
    help="Feature mean to subtract: of the window, or of its whole utterance; may be given twice.",
)
@click.option("--noise", type=click.Path(path_type=Path), help="Audio file with noise, added in a further measurement.")
@click.option("--snr", type=click.FloatRange(-20, 60), default=10.0, show_default=True, help="Signal-to-noise ratio in dB.")
@click.option(
    "--line-rate",
    type=click.IntRange(2000, 16000),
    help="Sample rate of a line that limits the bandwidth in a further measurement, such as 8000 Hz for a telephone.",
)
@click.option("--json", "as_document", is_flag=True, help="One JSON document, for machines.")
@config_option
def command(  # noqa: PLR0913 - one argument for each option
    *,
    folder: Path,
    seconds: Sequence[float],
    normalizations: Sequence[str],
    noise: Path | None,
    snr: float,
    line_rate: int | None,
    as_document: bool,
) -> None:
    """Measure how well the configured voice model tells apart the speakers of DIR.

    DIR holds a folder for each speaker with two audio files or more, best of speakers that the model was not trained on. Every
    file gives up to four windows; every pair of windows of two files is compared by cosine. The equal error rate is the error rate
    at the threshold where false rejections and false acceptances are equally frequent.
    """
    stage = embedding_stage(configure_chain(settings_from()))
    files = utterance_files(folder)
    utterances = read_utterances(files)
    conditions = {"clean": utterances}
    if noise is not None:
        conditions[f"noise at {snr:g} dB"] = with_noise(utterances, read_samples(noise), snr)
    if line_rate is not None:
        conditions[f"{line_rate} Hz line"] = through_line(utterances, line_rate)
    lengths = sorted(set(seconds))
    kinds = [name for name in NORMALIZATIONS if name in normalizations]
    figures: list[Figure] = []
    model = ""
    with progress_bar(f"{len(utterances)} utterances", len(lengths) * len(kinds) * len(conditions) * len(utterances)) as advance:
        for length in lengths:
            for normalization in kinds:
                with closing(WindowEmbedder(stage, round(1000 * length), normalization)) as embedder:
                    model = embedder.model
                    for condition, heard in conditions.items():
                        trials = measure(embedder, heard, advance)
                        counts = (len(trials.same), len(trials.different))
                        figures.append(Figure(condition, length, normalization, equal_error_rate(trials), counts))
    if as_document:
        click.echo(json.dumps(_document(stage.name, model, utterances, figures), indent=2))
    else:
        _print(model or stage.name, utterances, figures)


def _document(stage: str, model: str, utterances: Sequence[Utterance], figures: Sequence[Figure]) -> dict[str, Any]:
    return {
        "stage": stage,
        "model": model,
        "speakers": len({utterance.speaker for utterance in utterances}),
        "utterances": len(utterances),
        "figures": [
            {
                "condition": figure.condition,
                "seconds": figure.seconds,
                "normalization": figure.normalization,
                "equalErrorRate": round(figure.equal_error_rate, 5),
                "sameSpeakerTrials": figure.trials[0],
                "differentSpeakerTrials": figure.trials[1],
            }
            for figure in figures
        ],
    }


def _print(model: str, utterances: Sequence[Utterance], figures: Sequence[Figure]) -> None:
    kinds = list(dict.fromkeys(figure.normalization for figure in figures))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("condition")
    table.add_column("window", justify="right")
    for kind in kinds:
        table.add_column(f"EER, {NORMALIZATIONS[kind]}", justify="right")
    rows: dict[tuple[str, float], list[str]] = {}
    for figure in figures:
        rows.setdefault((figure.condition, figure.seconds), []).append(f"{100 * figure.equal_error_rate:.1f} %")
    conditions = list(dict.fromkeys(figure.condition for figure in figures))
    for condition, length in sorted(rows, key=lambda row: (conditions.index(row[0]), row[1])):
        table.add_row(condition, f"{length:g} s", *rows[condition, length])
    console = Console(highlight=False)
    console.print(table)
    speakers = len({utterance.speaker for utterance in utterances})
    console.print(f"{model}: {len(utterances)} utterances of {speakers} speakers; EER: equal error rate, plain cosine")
