"""The tables that ``speaker-tracker evaluate`` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from speaker_tracker.evaluation.detection import Detection
from speaker_tracker.evaluation.reliability import Reliability
from speaker_tracker.evaluation.results import ALL, ConversationResult, Summary, alone, summarize
from speaker_tracker.evaluation.scoring import DiarizationError

MIN_WIDTH = 100
ERROR_TITLES = ("{}\nDER", "\nmiss", "\nf.a.", "\nconf")
DETECTION_TITLES = ("{}\nspeech\nmiss", "\nf.a.", "overlap\nfound", "\nfalse")
CHANGE_TITLES = ("final\nchanges\nfound", "\nfalse", "conf\nnear\nonline", "\nfinal")

ERROR_LEGEND = """\
DER = missed + false alarm + confusion, in % of the reference's speaker time;
id sw.: speaker ids that passed to another voice; RTF: real-time factor"""
BOUNDS_LEGEND = "oracle: the same embeddings labelled by the reference; hindsight: by KMeans, offline"
DETECTION_LEGEND = """\
speech: missed and false alarm, in % of the time in which somebody speaks
overlap: two or more speak; found, in % of what there is; false, in % of what is told
changes: somebody begins who is not the one who spoke last; found, in %; false, per minute
conf near: the part of the confusion above that lies within half a second of a change"""


def print_tables(results: Sequence[ConversationResult], *, verbose: bool) -> None:
    """Prints the figures of groups, bounds and confidence among them if measured; ``verbose``: and of each conversation."""
    console = Console(highlight=False)
    console.width = max(console.width, MIN_WIDTH)
    groups = summarize(results)
    files = {result.uri: alone(result) for result in results} if verbose else {}
    if files:
        voices = [f"{result.speakers}/{result.num_speakers}" for result in results]
        console.print(_errors(files, ("conversation", "voices"), voices))
    console.print(_errors(groups, ("group", "files"), [str(summary.files) for summary in groups.values()]))
    console.print(ERROR_LEGEND)
    if any(summary.oracle for summary in groups.values()):
        console.print(_bounds(groups))
        console.print(BOUNDS_LEGEND)
    if files:
        console.print(_detection(files, "conversation"))
    console.print(_detection(groups, "group"))
    console.print(DETECTION_LEGEND)
    if (reliability := groups[ALL].reliability) is not None:
        _print_reliability(console, reliability)


def _errors(rows: Mapping[str, Summary], names: tuple[str, str], counts: Sequence[str]) -> Table:
    titles = (f"\n{names[1]}", *_titles(ERROR_TITLES, "online"), *_titles(ERROR_TITLES, "final"), "id\nsw.", "latency s\nmed  p95")
    table = figures_table(f"\n{names[0]}", (*titles, "\nRTF"))
    for (name, summary), count in zip(rows.items(), counts, strict=True):
        latencies = map(summary.latency.percentile, (50.0, 95.0))
        latency = " ".join("-" if each is None else f"{each / 1000:.2f}" for each in latencies)
        errors = (*_parts(summary.online), *_parts(summary.final))
        add_row(table, name, count, *errors, str(summary.id_switches), latency, f"{summary.real_time_factor:.3f}")
    return table


def _bounds(groups: Mapping[str, Summary]) -> Table:
    table = figures_table("\ngroup", (*_titles(ERROR_TITLES, "oracle"), *_titles(ERROR_TITLES, "hindsight")))
    for name, summary in groups.items():
        errors = (summary.oracle or DiarizationError(), summary.hindsight or DiarizationError())
        add_row(table, name, *(part for error in errors for part in _parts(error)))
    return table


def _detection(rows: Mapping[str, Summary], name: str) -> Table:
    titles = (*_titles(DETECTION_TITLES, "online"), *_titles(DETECTION_TITLES, "final"))
    table = figures_table(f"\n\n{name}", (*titles, *CHANGE_TITLES), gap=0)
    for row, summary in rows.items():
        told = (*_found(summary.online_detection), *_found(summary.final_detection))
        false = summary.changes.false_per_minute
        near = (summary.online.share(summary.online_near.around), summary.final.share(summary.final_near.around))
        changes = (percent(summary.changes.found_share), "-" if false is None else f"{false:.1f}")
        add_row(table, row, *told, *changes, *map(percent, near))
    return table


def _print_reliability(console: Console, sums: Reliability) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("confidence")
    for title in ("seconds", "said", "right"):
        table.add_column(title, justify="right")
    for row in sums.rows:
        table.add_row(f"{row.least:.2f} - {row.most:.2f}", f"{row.seconds:.1f}", f"{100 * row.said:.1f}", f"{100 * row.right:.1f}")
    console.print(table)
    error = "-" if sums.error is None else f"{100 * sums.error:.1f} %"
    console.print(f"final segments by confidence, in % of the time in which somebody speaks; calibration error {error}")


def figures_table(name: str, titles: Sequence[str], gap: int = 1) -> Table:
    """A table of figures by ``name``; ``titles`` of its columns stand at the bottom of the head."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, gap, 0, 0))
    table.add_column(name, overflow="fold")
    lines = name.count("\n")
    for title in titles:
        table.add_column("\n" * (lines - title.count("\n")) + title, justify="right", no_wrap=True)
    return table


def _titles(titles: Sequence[str], timeline: str) -> tuple[str, ...]:
    return tuple(title.format(timeline) for title in titles)


def add_row(table: Table, name: str, *cells: str) -> None:
    """Adds the row of a group or conversation, that of all groups below a line."""
    if name == ALL:
        table.add_section()
    table.add_row(name, *cells)


def _parts(error: DiarizationError) -> list[str]:
    return [percent(share) for share in (error.rate, *map(error.share, (error.missed, error.false_alarm, error.confusion)))]


def _found(detection: Detection) -> list[str]:
    speech, overlap = detection.speech, detection.overlap
    shares = (speech.share(speech.missed), speech.share(speech.false_alarm), overlap.share(overlap.found), overlap.false_share)
    return [percent(share) for share in shares]


def percent(share: float | None) -> str:
    """A share as the tables have it."""
    return "-" if share is None else f"{100 * share:.1f}"
