"""``speaker-tracker voices``: lists and forgets known voices, and checks who of them speaks in a recording."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from speaker_tracker.audio.file import AudioFile
from speaker_tracker.cli.common import NamedPath, config_option, settings_from
from speaker_tracker.cli.help_text import examples
from speaker_tracker.cli.progress import FilesProgress
from speaker_tracker.cli.tracking_output import clock
from speaker_tracker.cli.voices.options import check_model, listed, voices_file_option, voices_to_send, warn_if_exposed
from speaker_tracker.cli.voices.voices_file import Voices, VoicesFileError, default_path, read_voices, write_voices
from speaker_tracker.engine.assembly import build_chain
from speaker_tracker.protocol import MAX_SPEAKERS, ReportMessage
from speaker_tracker.results.tracking import VoiceRequest, track


@click.group(
    short_help="List and forget known voices, and check who of them speaks.",
    epilog=examples(
        "speaker-tracker voices list",
        "speaker-tracker voices check meeting.flac",
        "speaker-tracker voices forget Anna Ben",
    ),
)
def command() -> None:
    """List and forget the voices that `enroll` and --learn have kept, and check who of them speaks in a recording."""


@command.command(
    "list",
    short_help="List the people whose voices are kept.",
    epilog=examples("speaker-tracker voices list", "speaker-tracker voices list --voices team.json --json"),
)
@voices_file_option
@click.option("--json", "as_document", is_flag=True, help="One JSON document, without the voiceprints.")
def list_command(*, path: Path, as_document: bool) -> None:
    """List the people whose voices are kept: how many voiceprints, of how much speech, and the day of the newest one."""
    warn_if_exposed(path)
    voices = read_voices(path)
    people = [_person(voices, name) for name in voices.names]
    if as_document:
        model, version = voices.model or (None, None)
        click.echo(json.dumps({"file": str(path), "model": model, "modelVersion": version, "people": people}, indent=2))
        return
    if not people:
        click.echo(f"{path} has no voices.")
        return
    table = _table(("name", "left"), ("voiceprints", "right"), ("speech", "right"), ("newest", "left"))
    for person in people:
        speech = clock(round(1000 * person["seconds"]))
        table.add_row(Text(person["name"]), str(person["voiceprints"]), speech, person["newest"])
    Console(highlight=False).print(table)
    click.echo(f"{path}")


def _person(voices: Voices, name: str) -> dict[str, Any]:
    prints = voices.prints_of(name)
    return {
        "name": name,
        "voiceprints": len(prints),
        "seconds": round(sum(one.voice.voiceprint.seconds for one in prints), 1),
        "newest": max(one.added for one in prints).isoformat(),
    }


def _complete_names(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    try:
        voices = read_voices(context.params.get("path") or default_path())
    except VoicesFileError:
        return []
    return [CompletionItem(name) for name in voices.names if name.startswith(incomplete)]


@command.command(
    "forget",
    short_help="Delete people's voices.",
    epilog=examples("speaker-tracker voices forget Anna Ben", "speaker-tracker voices forget --all"),
)
@click.argument("names", metavar="NAME...", nargs=-1, shell_complete=_complete_names)
@click.option("--all", "everybody", is_flag=True, help="Delete all voices.")
@voices_file_option
def forget_command(*, names: Sequence[str], everybody: bool, path: Path) -> None:
    """Delete the voices of NAME... from the file. A name that is not there is an error, and then none is deleted."""
    if bool(names) == everybody:
        raise click.UsageError("name the people to forget, or give --all, one of both")
    voices = read_voices(path)
    forgotten = voices.names if everybody else list(dict.fromkeys(name.strip() for name in names))
    if missing := [name for name in forgotten if name not in voices.names]:
        known = listed(voices.names) if voices.names else "nobody"
        raise VoicesFileError(f"{path} has no voice of {listed(missing)}; it has {known}")
    if forgotten:
        write_voices(path, voices.without(forgotten))
    click.echo(f"Forgotten: {listed(forgotten)}" if forgotten else f"{path} has no voices.")


@command.command(
    "check",
    short_help="Tell who of them speaks in a recording.",
    epilog=examples("speaker-tracker voices check talk.flac", "speaker-tracker voices check talk.flac --json"),
)
@click.argument("audio", type=NamedPath(path_type=Path))
@voices_file_option
@click.option("--json", "as_document", is_flag=True, help="One JSON document.")
@config_option
def check_command(*, audio: Path, path: Path, as_document: bool) -> None:
    """Tell who of the known people speaks in AUDIO and for how long, of up to five voices, and how long others speak."""
    warn_if_exposed(path)
    voices = read_voices(path)
    if not voices.stored:
        raise VoicesFileError(f"{path} has no voices; add one by `speaker-tracker enroll NAME AUDIO`")
    sent = tuple(voices_to_send(voices))
    file = AudioFile(audio)
    with FilesProgress(1, file.seconds) as progress:
        with progress.waiting("loading models"):
            chain = build_chain(settings_from())
        with closing(chain):
            asked = VoiceRequest(check_model(voices, chain.voice_model, path), sent)
            with progress.file(str(audio), file.seconds) as advance:
                report = track(chain.open, file, MAX_SPEAKERS, on_progress=advance, voices=asked).report
    known, unknown_ms, unknown = _heard(report)
    if as_document:
        people = [{"name": name, "totalTimeMs": ms} for name, ms in known.items()]
        click.echo(
            json.dumps({"audio": str(audio), "known": people, "unknown": {"totalTimeMs": unknown_ms, "voices": unknown}}, indent=2)
        )
    else:
        _print_heard(known, unknown_ms, unknown)
    for note in file.notes:
        click.echo(f"Note: {note}", err=True)
    file.check_whole()


def _heard(report: ReportMessage) -> tuple[dict[str, int], int, int]:
    """Speaking time of each known person (ms by name), longest first; that of all others, and how many voices these are."""
    known = {
        each.name: each.totalTimeMs for each in sorted(report.speakers, key=lambda each: -each.totalTimeMs) if each.name is not None
    }
    unknown = [each.totalTimeMs for each in report.speakers if each.name is None]
    more_ms, more = (report.others.totalTimeMs, report.others.voices) if report.others is not None else (0, 0)
    return known, sum(unknown) + more_ms, len(unknown) + more


def _print_heard(known: dict[str, int], unknown_ms: int, unknown: int) -> None:
    if known:
        table = _table(("name", "left"), ("time", "right"))
        for name, ms in known.items():
            table.add_row(Text(name), clock(ms))
        Console(highlight=False).print(table)
    else:
        click.echo("Nobody of the known people speaks.")
    if unknown:
        click.echo(f"{unknown} unknown voice{' speaks' if unknown == 1 else 's speak'}, for {clock(unknown_ms)} in all.")


def _table(*columns: tuple[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for name, justify in columns:
        table.add_column(name, justify=justify)
    return table
