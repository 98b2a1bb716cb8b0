"""``speaker-tracker models``: lists voice models, fetches those that do not come along, and exports one for ONNX Runtime."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from speaker_tracker.cli.common import NamedPath
from speaker_tracker.cli.help_text import examples
from speaker_tracker.models import CatalogueEntry, campplus, list_models
from speaker_tracker.models.catalogue import FETCH_COMMAND, HUB_ID, HUB_REVISION
from speaker_tracker.settings import load_settings

EXPORTER = "speaker_tracker_stages.speechbrain_embedding.onnx_export"
CAMPPLUS_EXPORTER = "speaker_tracker_plugins.campplus_embedding.onnx_export"
"""Named, not imported: the runtime does not depend on stages and plugins, and these import PyTorch."""


@click.group(
    "models",
    epilog=examples("speaker-tracker models list", "speaker-tracker models fetch", "speaker-tracker models export --source hub"),
)
def command() -> None:
    """List, fetch and export speaker embedding models."""


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
        "SPEAKER_TRACKER_MODEL_CACHE=/srv/models speaker-tracker models fetch",
    )
)
@click.argument("model", type=click.Choice(["hub", campplus.NAME]), default="hub")
@click.option(
    "--revision",
    default=HUB_REVISION,
    metavar="COMMIT",
    help="Another revision of the hub's model than the default; use its folder as the source.",
)
def fetch(model: str, revision: str) -> None:
    """Fetch a model into the cache: hub, SpeechBrain's ECAPA-TDNN, or campplus, CAM++. Needs no account."""
    if model == campplus.NAME:
        if revision != HUB_REVISION:
            raise click.UsageError("--revision is for the hub's model; there is one revision of campplus")
        _fetch_campplus()
        return
    from speaker_tracker.models.fetch import fetch as fetch_model  # noqa: PLC0415 - the hub's client, for this command alone

    folder = fetch_model(load_settings().model_cache, revision=revision, progress=sys.stderr.isatty())
    click.echo(f"{HUB_ID} is in {folder}")
    if revision != HUB_REVISION:
        click.echo(f"The source auto takes {HUB_REVISION} only; for this revision set")
        click.echo(f"SPEAKER_TRACKER_STAGE_OPTIONS__SPEECHBRAIN_EMBEDDING__SOURCE={folder}")


@command.command(
    epilog=examples("speaker-tracker models export", "speaker-tracker models export --source hub --output my-model"),
)
@click.option(
    "--source", default="auto", metavar="SOURCE", help="auto, embedded, hub, campplus or a model folder.  [default: auto]"
)
@click.option(
    "--output",
    type=NamedPath(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Folder to create or replace.  [default: where the stage looks for it]",
)
def export(source: str, output: Path | None) -> None:
    """Export a model for ONNX Runtime, so that the stage onnx_embedding (campplus_embedding for CAM++) serves it without PyTorch.

    Makes a network of full precision and, if its embeddings are close enough, one with 8-bit weights. Needs the extra
    onnx-export.
    """
    exporter = import_module(CAMPPLUS_EXPORTER if source == campplus.NAME else EXPORTER)
    made = exporter.export(source, load_settings().model_cache, output)
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


def _plain(entry: CatalogueEntry) -> dict[str, Any]:
    return {**asdict(entry), "folder": str(entry.folder), "complete": entry.complete}


def _lines(entries: Sequence[CatalogueEntry]) -> list[str]:
    width = max(len(entry.name) for entry in entries)
    lines = []
    for entry in entries:
        mark = "*" if entry.chosen_by_auto else " "
        lines.append(f"{mark} {entry.source:<9} {entry.name:<{width}}  {_state(entry)}  {entry.folder}  ({entry.origin})")
    lines.append("")
    lines.append(f"* what the source auto takes; `{FETCH_COMMAND}` brings the hub's.")
    lines.append(f"campplus is for the stage campplus_embedding alone; `{campplus.FETCH_COMMAND}` brings it.")
    return lines


def _state(entry: CatalogueEntry) -> str:
    if entry.complete:
        return f"complete, {entry.bytes / 1e6:.1f} MB"
    if entry.bytes:
        return f"incomplete, lacking {', '.join(entry.missing)}"
    return "not fetched"
