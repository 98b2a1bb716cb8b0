"""``speaker-tracker models``: lists models, fetches those that do not come along, exports and calibrates them."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from speaker_tracker.cli.common import NamedPath, config_option, settings_from
from speaker_tracker.cli.help_text import examples
from speaker_tracker.cli.progress import progress_bar
from speaker_tracker.engine.assembly import configure_chain
from speaker_tracker.evaluation.utterances import utterance_files
from speaker_tracker.events import VoiceModel
from speaker_tracker.models import CatalogueEntry, campplus, list_models, pyannote_segmentation, resolve
from speaker_tracker.models.calibration import CALIBRATION, write_model
from speaker_tracker.models.catalogue import FETCH_COMMAND, HUB_ID, HUB_REVISION
from speaker_tracker.models.folder import read_folder
from speaker_tracker.settings import DEFAULT_STAGES, load_settings

STAGE = "speechbrain_embedding"
"""The stage of the models that have a source."""
GUARD = "speaker_tracker_stages.speechbrain_embedding.known_classes"
EXPORTER = "speaker_tracker_stages.speechbrain_embedding.onnx_export"
CAMPPLUS_EXPORTER = "speaker_tracker_plugins.campplus_embedding.onnx_export"
SEGMENTATION_EXPORTER = "speaker_tracker_plugins.pyannote_segmentation.onnx_export"
"""Named, not imported: the runtime does not depend on stages and plugins, and these import PyTorch."""


trust_option = click.option("--trust-folder", is_flag=True, help="Let a model folder run code of its own, which it can bring.")


@click.group(
    "models",
    epilog=examples("speaker-tracker models list", "speaker-tracker models fetch", "speaker-tracker models export --source hub"),
)
def command() -> None:
    """List, fetch, check, export and calibrate models."""


@command.command("list", epilog=examples("speaker-tracker models list", "speaker-tracker models list --json"))
@click.option("--json", "as_json", is_flag=True, help="One JSON list on standard output.")
def show(as_json: bool) -> None:
    """Show the known models, their folders, and which of them the source "auto" selects."""
    entries = list_models(load_settings().model_cache)
    if as_json:
        click.echo(json.dumps([_plain(entry) for entry in entries], indent=2))
        return
    for line in _lines(entries):
        click.echo(line)


@command.command(
    epilog=examples(
        "speaker-tracker models fetch",
        "speaker-tracker models fetch campplus",
        "HF_TOKEN=... speaker-tracker models fetch pyannote-segmentation",
        "SPEAKER_TRACKER_MODEL_CACHE=/srv/models speaker-tracker models fetch",
    )
)
@click.argument("model", type=click.Choice(["hub", campplus.NAME, pyannote_segmentation.NAME]), default="hub")
@click.option(
    "--revision",
    default=HUB_REVISION,
    metavar="COMMIT",
    help="Another revision of the hub's model than the default; use its folder as the source.",
)
def fetch(model: str, revision: str) -> None:
    """Fetch a model into the cache: hub, SpeechBrain's ECAPA-TDNN; campplus, CAM++; or pyannote-segmentation, segmentation-3.0.

    The first two need no account. For pyannote-segmentation, set HF_TOKEN to a token of an account at the hub that has accepted the
    model's conditions.
    """
    if model != "hub":
        if revision != HUB_REVISION:
            raise click.UsageError(f"--revision is for the hub's model; there is one revision of {model}")
        if model == campplus.NAME:
            _fetch_campplus()
        else:
            _fetch_pyannote_segmentation()
        return
    from speaker_tracker.models.fetch import HUB_BYTES  # noqa: PLC0415 - the hub's client, for this command alone
    from speaker_tracker.models.fetch import fetch as fetch_model  # noqa: PLC0415

    with click.progressbar(length=HUB_BYTES, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        folder = fetch_model(load_settings().model_cache, revision=revision, progress=bar.update)
    click.echo(f"{HUB_ID} is in {folder}")
    if revision != HUB_REVISION:
        click.echo(f"The source auto takes {HUB_REVISION} only; for this revision set")
        click.echo(f"SPEAKER_TRACKER_STAGE_OPTIONS__SPEECHBRAIN_EMBEDDING__SOURCE={folder}")


@command.command(epilog=examples("speaker-tracker models check my-model/"))
@click.argument("folder", metavar="DIR", type=NamedPath(path_type=Path))
def check(folder: Path) -> None:
    """Tell whether the model folder DIR is complete, and whether it could run code of its own.

    A folder whose hyperparams.yaml names classes of known networks alone is loaded as it is. Any other one is refused, unless the
    stage has the option trust_folder. Nothing of the folder is run here.
    """
    found = read_folder(folder)
    import_module(GUARD).check_folder(folder)
    click.echo(f"{found.name} in {folder} names known classes alone, and is loaded without being trusted")


@command.command(
    epilog=examples("speaker-tracker models export", "speaker-tracker models export --source hub --output my-model"),
)
@click.option(
    "--source",
    default="auto",
    metavar="SOURCE",
    help="auto, embedded, hub, campplus, pyannote-segmentation or a model folder.  [default: auto]",
)
@click.option(
    "--output",
    type=NamedPath(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Folder to create or replace.  [default: where the stage looks for it]",
)
@trust_option
def export(source: str, output: Path | None, trust_folder: bool) -> None:
    """Export a model for ONNX Runtime, so that it is served without PyTorch.

    Voice models are for the stage onnx_embedding, CAM++ for campplus_embedding, and pyannote-segmentation for
    pyannote_segmentation. Makes a network of full precision and, of a voice model whose embeddings are then close enough, one with
    8-bit weights. Needs the extra onnx-export.
    """
    if source == pyannote_segmentation.NAME:
        _export_segmentation(output)
        return
    if source == campplus.NAME:
        made = import_module(CAMPPLUS_EXPORTER).export(source, load_settings().model_cache, output)
    else:
        made = import_module(EXPORTER).export(source, load_settings().model_cache, output, trusted=trust_folder)
    click.echo(f"{made.model.name} is in {made.folder}")
    click.echo(f"float32: cosine to the original at least {made.float32:.5f}")
    if made.int8 is None:
        click.echo("int8: not kept, its embeddings differ too much")
    else:
        click.echo(f"int8: cosine to the original at least {made.int8:.5f}")
    if output is not None:
        stage = "CAMPPLUS_EMBEDDING" if source == campplus.NAME else "ONNX_EMBEDDING"
        click.echo(f"Serve it with SPEAKER_TRACKER_STAGE_OPTIONS__{stage}__SOURCE={made.folder}")


def _fetch_campplus() -> None:
    from speaker_tracker.models.fetch_campplus import fetch_campplus  # noqa: PLC0415 - for this command alone

    with click.progressbar(length=campplus.WEIGHTS_BYTES, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        folder = fetch_campplus(load_settings().model_cache, progress=bar.update)
    click.echo(f"{campplus.MODEL_ID} is in {folder}")


def _fetch_pyannote_segmentation() -> None:
    from speaker_tracker.models.fetch_pyannote_segmentation import fetch_pyannote_segmentation  # noqa: PLC0415 - the hub's client

    with click.progressbar(length=pyannote_segmentation.WEIGHTS_BYTES, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        folder = fetch_pyannote_segmentation(load_settings().model_cache, progress=bar.update)
    click.echo(f"{pyannote_segmentation.MODEL_ID} is in {folder}")


def _export_segmentation(output: Path | None) -> None:
    made = import_module(SEGMENTATION_EXPORTER).export(load_settings().model_cache, output)
    click.echo(f"{pyannote_segmentation.NAME} is in {made.folder}")
    click.echo(f"float32: probabilities differ from the original by at most {made.difference:.1e}")
    if output is not None:
        click.echo(f"Serve it with SPEAKER_TRACKER_STAGE_OPTIONS__PYANNOTE_SEGMENTATION__SOURCE={made.folder}")


@command.command(
    epilog=examples(
        "speaker-tracker models calibrate my-model/ speakers/",
        "speaker-tracker models calibrate hub speakers/",
        "speaker-tracker models calibrate chain speakers/ --output calibration.json",
    )
)
@click.argument("source", metavar="SOURCE")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=NamedPath(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write.  [default: calibration.json in the folder of the model]",
)
@click.option("--name", metavar="NAME", help="What the model is called.  [default: as before]")
@trust_option
@config_option
def calibrate(source: str, folder: Path, output: Path | None, name: str | None, trust_folder: bool) -> None:
    """Measure how embeddings of the model SOURCE vary, on recordings of known people in DIR, and write its calibration.json.

    SOURCE is hub, a model folder, embedded, or chain: the embedding stage of the configured chain, for models of other stages. DIR
    holds a folder for each speaker with 30 s of speech or more in several audio files, best of two recordings; five speakers or
    more, better 20, who were not among those that the model was trained on. Files of one recording have names that differ after the
    last hyphen only, such as 84-121123-0003.flac.

    The assigner takes its variances from that file: without it, it takes what is typical.
    """
    from speaker_tracker.evaluation.calibration import calibrate as measure  # noqa: PLC0415 - for this command alone
    from speaker_tracker.evaluation.embedding import embedding_stage  # noqa: PLC0415

    target = output or _calibration_file(source)
    if not target.parent.is_dir():  # said before minutes of measuring, not after
        raise click.UsageError(f"{target.parent} is no folder; make it first, or name another file with --output")
    settings = (
        settings_from()
        if source == "chain"
        else settings_from(stages=DEFAULT_STAGES, stage_options={STAGE: {"source": source, "trust_folder": trust_folder}})
    )
    stage = embedding_stage(configure_chain(settings))
    with progress_bar(f"calibration of {source}", 1) as advance:
        model = measure(stage, utterance_files(folder), advance)
    write_model(replace(model, name=name or model.name), target)
    for line in _figures(model):
        click.echo(line)
    click.echo(f"The calibration of {name or model.name} is in {target}")


def _calibration_file(source: str) -> Path:
    if source in ("chain", "embedded", "auto"):
        raise click.UsageError(f"the model {source!r} has no folder of its own to write to; name a file with --output")
    return resolve(source, load_settings().model_cache).path / CALIBRATION


def _figures(model: VoiceModel) -> list[str]:
    figures = model.calibration
    if figures is None:
        return []
    worths = ", ".join(f"{seconds:g} s {worth:.2f}" for seconds, worth in figures.evidence_by_seconds)
    rate, seconds = 100 * figures.equal_error_rate, model.calibrated_seconds
    lines = {
        "within a voice": f"{figures.within_variance:.3f} of the variance",
        "between voices": f"{figures.between_variance:.3f}",
        "in common": f"{figures.common_variance:.3f}",
        "styles": f"{figures.style_variance:.3f}",
        "recordings": f"{figures.channel_variance:.3f}",
        "dimensions": f"{figures.effective_dimension:.1f}",
        "short windows": worths,
        "equal error rate": f"{rate:.1f} % at {seconds:g} s",
        "cosine": f"{model.same_voice_cosine:.3f} where one voice and two are equally likely",
        "measured on": figures.measured_on,
    }
    return [f"{name:<16}  {value}" for name, value in lines.items()]


def _plain(entry: CatalogueEntry) -> dict[str, Any]:
    return {**asdict(entry), "folder": str(entry.folder), "complete": entry.complete}


def _lines(entries: Sequence[CatalogueEntry]) -> list[str]:
    width = max(len(entry.name) for entry in entries)
    source_width = max(len(entry.source) for entry in entries)
    lines = []
    for entry in entries:
        mark = "*" if entry.chosen_by_auto else " "
        lines.append(
            f"{mark} {entry.source:<{source_width}} {entry.name:<{width}}  {_state(entry)}  {entry.folder}  ({entry.origin})"
        )
    lines.append("")
    lines.append(f"* what the source auto takes; `{FETCH_COMMAND}` brings the hub's.")
    lines.append(f"campplus is for the stage campplus_embedding alone; `{campplus.FETCH_COMMAND}` brings it.")
    lines.append(
        f"pyannote-segmentation is for the stage pyannote_segmentation alone; `{pyannote_segmentation.FETCH_COMMAND}` brings it."
    )
    return lines


def _state(entry: CatalogueEntry) -> str:
    if entry.complete:
        return f"complete, {entry.bytes / 1e6:.1f} MB"
    if entry.bytes:
        return f"incomplete, lacking {', '.join(entry.missing)}"
    return "not fetched"
