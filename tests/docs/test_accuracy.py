"""docs/accuracy.md says what it cannot do first, and its figures are those that its commands give."""

import re
import subprocess
import sys

import pytest

from speaker_tracker.cli.evaluation_tables import DETECTION_LEGEND
from speaker_tracker.cli.known_voices_tables import CUT_TITLES, ERROR_TITLES, NAME_TITLES, STRANGER_TITLES
from speaker_tracker.evaluation.changes import NEAR_SECONDS, TOLERANCE_MS
from speaker_tracker.evaluation.known_voices.cutting import CUT_FROM, CUT_TO
from speaker_tracker.evaluation.known_voices.figures import MIN_SPEECH
from support.pages import ROOT, blocks, section, text_of

TEXT = text_of("docs/accuracy.md")
KNOWN_VOICES = section(TEXT, "Known voices")
FIGURES, DETECTION, ORACLE, OWN = (each for each in blocks(TEXT.replace(KNOWN_VOICES, "")) if "group" in each)
NAMES, ERRORS, OWN_NAMES, OWN_ERRORS, CUTS, COST = blocks(KNOWN_VOICES)
GROUPS = ["clean", "noisy", "overlap", "intruder", "quick", "ami"]
MADE = ["clean", "noisy", "room", "line"]


def figures(table, group):
    (line,) = [line for line in table.splitlines() if line.split()[:1] == [group]]
    return [float(value) for value in line.split()[1:]]


def test_limits_come_before_figures():
    assert TEXT.index("## Limits") < TEXT.index("## Figures")


def term(name):
    (said,) = re.findall(rf"^- \*\*{name}\*\*(.*?)(?=^- |\Z)", section(TEXT, "Terms"), re.DOTALL | re.MULTILINE)
    return re.sub(r"\s+", " ", said)


def test_what_the_legend_of_detection_explains_are_terms():
    explained = [line.partition(":")[0] for line in DETECTION_LEGEND.splitlines()]
    assert len(explained) == 4
    assert all(term(name) for name in explained)


def test_the_distances_of_changes_are_those_that_are_measured():
    assert f"within {TOLERANCE_MS / 1000:g} s" in term("changes")
    assert f"up to {NEAR_SECONDS:g} s before or after" in term("conf near")


@pytest.mark.parametrize("page", ["README.md", "docs/models.md"])
def test_other_pages_have_the_same_figures(page):
    online, final = figures(FIGURES, "all")[1], figures(FIGURES, "all")[5]
    assert re.search(rf"{online} % online and \S*\s*(?:instead\s+of\s+)?{final} %", re.sub(r"\s+", " ", text_of(page)))


def test_files_of_the_groups_are_those_of_all():
    assert sum(figures(FIGURES, group)[0] for group in GROUPS) == figures(FIGURES, "all")[0] == 26
    assert f"on {int(figures(FIGURES, 'all')[0])} recorded conversations" in TEXT
    assert all(figures(ORACLE, group) for group in GROUPS)
    assert [line.split()[0] for line in DETECTION.splitlines()[3:]] == [*GROUPS, "all"]


def rows(table):
    """The rows of a table that has its titles in lines above them, as words."""
    lines = [line.split() for line in table.splitlines()]
    head = next(number for number, line in enumerate(lines) if line[:1] == ["group"])
    return lines[head], lines[head + 1 :]


@pytest.mark.parametrize(
    ("table", "titles", "groups"),
    [
        (NAMES, [*NAME_TITLES, *STRANGER_TITLES], MADE),
        (ERRORS, ERROR_TITLES, MADE),
        (OWN_NAMES, [*NAME_TITLES, *STRANGER_TITLES], GROUPS),
        (OWN_ERRORS, ERROR_TITLES, GROUPS),
        (CUTS, CUT_TITLES, GROUPS),
    ],
    ids=["names", "errors", "names of all", "errors of all", "cuts"],
)
def test_tables_of_known_voices_are_those_that_are_printed(table, titles, groups):
    head, body = rows(table)
    assert head == " ".join(["group", *(title.splitlines()[-1] for title in titles)]).split()
    assert [row[0] for row in body] == [*groups, "all"]
    assert all(len(row) == len(titles) + 1 for row in body)


def test_figures_of_known_voices_are_of_the_files_and_people_of_all_groups():
    for table in (NAMES, OWN_NAMES, CUTS):
        *groups, everything = [[float(count) for count in row[1:3]] for row in rows(table)[1]]
        assert [sum(counts) for counts in zip(*groups, strict=True)] == everything
    assert [rows(table)[1][-1][1] for table in (NAMES, OWN_NAMES, CUTS)] == ["24", "26", "26"]


def test_errors_with_nobody_known_are_those_of_the_figures():
    _, body = rows(OWN_ERRORS)
    for group, online, _, online_confusion, _, final, _, final_confusion, _ in body:
        measured = figures(FIGURES, group)
        assert [float(each) for each in (online, online_confusion, final, final_confusion)] == pytest.approx(
            [measured[each] for each in (1, 4, 5, 8)], abs=0.2
        )


def test_what_known_voices_mean_is_said_as_it_is_measured():
    text = re.sub(r"\s+", " ", KNOWN_VOICES)
    assert f"for more than {MIN_SPEECH:g} s" in text
    assert f"less than {MIN_SPEECH:g} s are left out" in text
    assert f"between {100 * CUT_FROM:g} and {100 * CUT_TO:g} %" in text
    assert [line.split()[0] for line in COST.splitlines() if "known voices" in line] == ["0", "50", "0", "10", "50"]


@pytest.mark.e2e
def test_the_command_gives_the_figures_of_this_repository():
    (command,) = re.findall(r"^speaker-tracker (evaluate .*--oracle)$", TEXT, re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-m", "speaker_tracker", *command.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=280,
    )
    headings = OWN.splitlines()[:2]
    told = done.stdout.splitlines()
    assert [line.split() for line in told if line.split()[:1] in (["online"], ["group"])][:2] == [line.split() for line in headings]
    measured = figures("\n".join(told[: told.index(next(line for line in told if "oracle" in line))]), "synthetic")
    assert measured[:9] == pytest.approx(figures(OWN, "synthetic")[:9], abs=0.3)
    assert measured[9:11] == pytest.approx(figures(OWN, "synthetic")[9:11], abs=0.05)
