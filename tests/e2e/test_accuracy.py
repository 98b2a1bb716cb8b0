"""Accuracy on recorded conversations, by the command that users measure it with.

The bounds are those of a change for the worse, not of what is measured today; see the README for that.
"""

import json
import subprocess
import sys

import pytest

from shared_data import MANIFEST, needs_shared_data

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

MOST_CONFUSION = {
    "clean": (0.18, 0.07),
    "noisy": (0.28, 0.14),
    "overlap": (0.25, 0.14),
    "intruder": (0.25, 0.25),
    "quick": (0.28, 0.17),
}
"""By group: online, final."""


@pytest.fixture(scope="module")
def groups():
    command = [sys.executable, "-m", "speaker_tracker", "evaluate", str(MANIFEST), "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=1100)
    return json.loads(done.stdout)["groups"]


@needs_shared_data
@pytest.mark.parametrize("group", MOST_CONFUSION)
def test_speakers_are_told_apart_online_and_in_the_end(groups, group):
    online, final = MOST_CONFUSION[group]

    assert groups[group]["online"]["confusion"] <= online
    assert groups[group]["final"]["confusion"] <= final


@needs_shared_data
@pytest.mark.parametrize("group", MOST_CONFUSION)
def test_labels_come_within_a_second_and_a_half(groups, group):
    assert groups[group]["latencyMs"]["median"] <= 1500
