"""``scripts/first_name.py`` measures what the documentation says of how fast names come."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.known_conversation import DATA

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("chromium")]

ROOT = Path(__file__).parents[3]
SCRIPT = "scripts/first_name.py"


def test_the_documentation_tells_the_figures_that_the_script_measures_and_how_to_repeat_them():
    told = (ROOT / "docs" / "browser.md").read_text(encoding="utf-8")
    command = [sys.executable, str(ROOT / SCRIPT), "--runs", "1", "--speakers", "2"]
    dialogue = ["--audio", str(DATA / "dialogue.flac"), "--rttm", str(DATA / "dialogue.rttm")]
    done = subprocess.run([*command, *dialogue], check=True, timeout=250, capture_output=True, text=True)

    header, *measured = done.stdout.splitlines()
    assert header.split() == ["seconds,", "1", "runs", "median", "worst"]
    waits = {words: float(worst) for words, worst in (re.split(r"\s{2,}", line)[::2] for line in measured)}
    assert len(waits) == 4
    assert all(0 < wait < 60 for wait in waits.values())
    assert f"python {SCRIPT}" in told
    for words in waits:
        assert re.search(rf"\| {re.escape(words)} \| \d\.\d+ \| \d\.\d+ \|", told), words
