"""``speaker-tracker models``: which voice models are there, and fetching the hub's."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from speaker_tracker.models import CatalogueEntry, list_models
from speaker_tracker.models.catalogue import FETCH_COMMAND, HUB_ID, HUB_REVISION
from speaker_tracker.settings import load_settings


@click.group("models")
def command() -> None:
    """List and fetch speaker embedding models."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON list on standard output.")
def show(as_json: bool) -> None:
    """Show the models there are, where they lie, and which of them the source "auto" takes."""
    entries = list_models(load_settings().model_cache)
    if as_json:
        click.echo(json.dumps([_plain(entry) for entry in entries], indent=2))
        return
    for line in _lines(entries):
        click.echo(line)


@command.command()
@click.option(
    "--revision",
    default=HUB_REVISION,
    metavar="COMMIT",
    help="Another revision than the one this version was made for; use its folder as the source.",
)
def fetch(revision: str) -> None:
    """Fetch SpeechBrain's ECAPA-TDNN from the hub into the cache. Needs no account."""
    from speaker_tracker.models.fetch import fetch as fetch_model  # noqa: PLC0415 - the hub's client, for this command alone

    folder = fetch_model(load_settings().model_cache, revision=revision, progress=sys.stderr.isatty())
    click.echo(f"{HUB_ID} is in {folder}")
    if revision != HUB_REVISION:
        click.echo(f"The source auto takes {HUB_REVISION} only; for this revision set")
        click.echo(f"SPEAKER_TRACKER_STAGE_OPTIONS__SPEECHBRAIN_EMBEDDING__SOURCE={folder}")


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
    return lines


def _state(entry: CatalogueEntry) -> str:
    if entry.complete:
        return f"complete, {entry.bytes / 1e6:.1f} MB"
    if entry.bytes:
        return f"incomplete, lacking {', '.join(entry.missing)}"
    return "not fetched"
