"""docs/accuracy.md says what it cannot do first, and its figures are those that its commands give."""

import re
import subprocess
import sys

import pytest

from speaker_tracker.cli.evaluation_tables import DETECTION_LEGEND
from speaker_tracker.evaluation.changes import NEAR_SECONDS, TOLERANCE_MS
from support.pages import ROOT, blocks, section, text_of

TEXT = text_of("docs/accuracy.md")
FIGURES, DETECTION, ORACLE, OWN = (each for each in blocks(TEXT) if "group" in each)


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
    groups = ["clean", "noisy", "overlap", "intruder", "quick", "ami"]
    assert sum(figures(FIGURES, group)[0] for group in groups) == figures(FIGURES, "all")[0] == 26
    assert f"on {int(figures(FIGURES, 'all')[0])} recorded conversations" in TEXT
    assert all(figures(ORACLE, group) for group in groups)
    assert [line.split()[0] for line in DETECTION.splitlines()[3:]] == [*groups, "all"]


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
