"""Accuracy on recorded conversations, by the command that users measure it with.

The bounds are those of a change for the worse, not of what is measured today; see docs/accuracy.md for that.
"""

import json
import subprocess
import sys

import pytest

from support.shared_data import MANIFEST, VERIFICATION, needs_shared_data

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

MOST_CONFUSION = {
    "clean": (0.08, 0.035),
    "noisy": (0.17, 0.10),
    "overlap": (0.13, 0.09),
    "intruder": (0.11, 0.06),
    "quick": (0.13, 0.075),
}
"""By group: online, final."""


@pytest.fixture(scope="module")
def groups():
    command = [sys.executable, "-m", "speaker_tracker", "evaluate", str(MANIFEST), "--oracle", "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=1100)
    return json.loads(done.stdout)["groups"]


@needs_shared_data
@pytest.mark.parametrize("group", MOST_CONFUSION)
def test_speakers_are_told_apart_online_and_in_the_end(groups, group):
    online, final = MOST_CONFUSION[group]

    assert groups[group]["online"]["confusion"] <= online
    assert groups[group]["final"]["confusion"] <= final


@needs_shared_data
@pytest.mark.parametrize("group", [*MOST_CONFUSION, "ami"])
def test_the_report_is_no_worse_than_clustering_with_hindsight(groups, group):
    """Of voices, that is: the other has no second speakers and leaves no pauses out."""
    assert groups[group]["final"]["confusion"] <= groups[group]["hindsight"]["confusion"]


@needs_shared_data
def test_speech_of_real_meetings_is_heard(groups):
    speech = groups["ami"]["detection"]["final"]["speech"]

    assert speech["missed"] + speech["falseAlarm"] <= 0.2
    assert groups["ami"]["final"]["der"] <= 0.36


@needs_shared_data
def test_overlapped_speech_has_two_speakers(groups):
    overlap = groups["overlap"]["detection"]["final"]["overlap"]

    assert overlap["found"] >= 0.5
    assert overlap["false"] <= 0.35
    assert groups["overlap"]["final"]["der"] <= 0.22


@needs_shared_data
def test_changes_of_speaker_are_found(groups):
    assert groups["quick"]["changes"]["found"] >= 0.6


@needs_shared_data
def test_ids_hardly_ever_change_hands(groups):
    assert groups["clean"]["idSwitches"] <= 3
    assert groups["all"]["idSwitches"] <= 24


@needs_shared_data
@pytest.mark.parametrize("group", MOST_CONFUSION)
def test_labels_come_within_a_second(groups, group):
    assert groups[group]["latencyMs"]["median"] <= 1000
    assert groups[group]["latencyMs"]["p95"] <= 2000


@needs_shared_data
def test_voices_that_the_model_never_heard_are_told_apart():
    command = [sys.executable, "-m", "speaker_tracker", "evaluate-embedding", str(VERIFICATION), "--seconds", "1.5", "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=1100)

    rates = {figure["normalization"]: figure["equalErrorRate"] for figure in json.loads(done.stdout)["figures"]}
    assert rates["window"] <= 0.12
    assert rates["session"] <= 0.12
