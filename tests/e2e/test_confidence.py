"""Confidence on recorded conversations: segments said to be right with some probability are right that often."""

import json
import subprocess
import sys

import pytest

from support.shared_data import MANIFEST, needs_shared_data

pytestmark = [pytest.mark.e2e, pytest.mark.slow, needs_shared_data]


@pytest.fixture(scope="module")
def measured():
    done = subprocess.run(
        [sys.executable, "-m", "speaker_tracker", "evaluate", str(MANIFEST), "--confidence", "--json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=3000,
    )
    return json.loads(done.stdout)["groups"]["all"]["confidence"]


def test_segments_said_to_be_right_with_nine_in_ten_are(measured):
    near = [row for row in measured["bins"] if 0.85 <= row["from"] < 0.949]
    seconds = sum(row["seconds"] for row in near)

    assert seconds > 60
    assert 0.85 <= sum(row["seconds"] * row["right"] for row in near) / seconds <= 0.95


def test_the_calibration_error_is_small_and_confidence_tells_segments_apart(measured):
    assert measured["calibrationError"] < 0.03
    low = [row for row in measured["bins"] if row["from"] < 0.8]
    high = [row for row in measured["bins"] if row["from"] >= 0.949]
    right = [sum(row["seconds"] * row["right"] for row in rows) / sum(row["seconds"] for row in rows) for rows in (low, high)]
    assert right[0] < 0.85
    assert right[1] > 0.95
