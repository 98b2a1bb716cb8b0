"""The tables that ``speaker-tracker evaluate --known`` and ``--cut`` print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console

from speaker_tracker.cli.evaluation_tables import MIN_WIDTH, add_row, figures_table, percent
from speaker_tracker.evaluation.known_voices.comparison import KnownVoicesResult
from speaker_tracker.evaluation.known_voices.cutting import CutResult
from speaker_tracker.evaluation.known_voices.documents import cuts_by_group, known_voices_by_group
from speaker_tracker.evaluation.known_voices.figures import CutFigures, KnownVoicesFigures, SpeechNames

NAME_TITLES = ("files", "known\npeople", "named\nin 3 s", "after s", "speech\nright", "wrong", "none")
STRANGER_TITLES = ("strangers\npeople", "called\never", "final", "time\never", "final")
ERROR_TITLES = tuple(title for kind in ("online", "final") for title in (f"{kind}\nDER", "known", "conf", "known"))
CUT_TITLES = ("files", "people", "matched", "wrong", "new", "speech\nright", "wrong", "none")

NAMES_LEGEND = """\
named in 3 s: known people, in %, whose name was told for a segment of theirs before they had spoken
for more than 3 s; after s: median; people who speak for less are not counted
speech: of known people, alone, given to anybody in the report, in %: under their own name, under
another person's, under none
strangers: of sessions that know others alone, in %: people called by a name for any segment, at any
time and in the report, and their time under a name"""
ERRORS_LEGEND = "errors in % of the reference's speaker time: with nobody known, and with those who talk known"
CUT_LEGEND = """\
the second part of conversations cut in two, which knows the voiceprints of the first; matched, wrong,
new: people by what most of their speech is called: by the name of their own voiceprint, of another
person's, by none; speech: all of it that is given to anybody in the report, in %"""


def print_known_voices(results: Sequence[KnownVoicesResult], *, verbose: bool) -> None:
    """Prints the figures of groups; ``verbose``: and of each conversation."""
    console = _console()
    groups, files = known_voices_by_group(results), {result.uri: result.figures for result in results if verbose}
    if files:
        _print_names(console, "conversation", files)
    _print_names(console, "group", groups)
    console.print(NAMES_LEGEND)
    if files:
        _print_errors(console, "conversation", files)
    _print_errors(console, "group", groups)
    console.print(ERRORS_LEGEND)


def print_cuts(results: Sequence[CutResult], *, verbose: bool) -> None:
    """Prints the figures of groups; ``verbose``: and of each conversation."""
    console = _console()
    if verbose:
        _print_cuts(console, "conversation", {result.uri: result.figures for result in results})
    _print_cuts(console, "group", cuts_by_group(results))
    console.print(CUT_LEGEND)


def _console() -> Console:
    console = Console(highlight=False)
    console.width = max(console.width, MIN_WIDTH)
    return console


def _print_names(console: Console, name: str, rows: Mapping[str, KnownVoicesFigures]) -> None:
    names = figures_table(f"\n{name}", (*NAME_TITLES, *STRANGER_TITLES), gap=0)
    for row, figures in rows.items():
        people, strangers = figures.people, figures.strangers
        after = people.median_seconds
        add_row(
            names,
            row,
            str(figures.files),
            str(len(people.told_after)),
            percent(people.in_time),
            "-" if after is None else f"{after:.1f}",
            *_speech(people.speech),
            str(strangers.people),
            *map(percent, strangers.shares),
        )
    console.print(names)


def _print_errors(console: Console, name: str, rows: Mapping[str, KnownVoicesFigures]) -> None:
    errors = figures_table(f"\n{name}", ERROR_TITLES)
    for row, figures in rows.items():
        online = (figures.without.online, figures.known.online)
        final = (figures.without.final, figures.known.final)
        cells = [
            percent(share)
            for both in (online, final)
            for share in (*(error.rate for error in both), *(error.share(error.confusion) for error in both))
        ]
        add_row(errors, row, *cells)
    console.print(errors)


def _print_cuts(console: Console, name: str, rows: Mapping[str, CutFigures]) -> None:
    cuts = figures_table(f"\n{name}", CUT_TITLES)
    for row, figures in rows.items():
        counts = (figures.files, figures.people, figures.matched, figures.wrong, figures.new)
        add_row(cuts, row, *map(str, counts), *_speech(figures.speech))
    console.print(cuts)


def _speech(speech: SpeechNames) -> list[str]:
    return [percent(speech.share(part)) for part in (speech.right, speech.wrong, speech.none)]
