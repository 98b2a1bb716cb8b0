"""Known voices on recorded conversations, by the commands that users measure them with.

The bounds are those of a change for the worse, not of what is measured today; see docs/accuracy.md for that.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.shared_data import CONVERSATIONS, MANIFEST, SPEECH, VERIFICATION, needs_shared_data

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900), needs_shared_data]

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_known_voice_conversations.py"
OTHERS = 12
OTHER_BYTES = 80_000
"""Minimum size of a recording of somebody who is known and does not talk: half a minute."""


def run(*command):
    return subprocess.run([sys.executable, *map(str, command)], check=True, capture_output=True, text=True, timeout=850).stdout


def evaluate(*arguments):
    return json.loads(run("-m", "speaker_tracker", "evaluate", *arguments, "--json", "--jobs", 2))


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    out = tmp_path_factory.mktemp("conversations")
    others = [path for path in sorted(SPEECH.glob("librispeech_*.opus")) if path.stat().st_size > OTHER_BYTES][:OTHERS]
    noise = ("--noise", CONVERSATIONS.parent / "noise.opus")
    run(SCRIPT, VERIFICATION, out, *noise, "--each", 1, "--others", *others)
    return evaluate(out / "manifest.json", "--known", out / "known", "--group", "clean", "--group", "line")["groups"]["all"]


def test_people_who_are_known_by_another_recording_are_called_by_their_names(measured):
    names = measured["names"]
    assert names["people"] == 18
    assert names["within3Seconds"] >= 0.8
    assert names["speech"]["right"] >= 0.9


def test_strangers_are_hardly_called_by_a_name(measured):
    assert measured["strangers"]["people"] == 18
    assert measured["strangers"]["called"]["final"] <= 0.2


def test_whoever_is_known_is_less_often_confused_online(measured):
    assert measured["talkersKnown"]["online"]["confusion"] <= measured["nobodyKnown"]["online"]["confusion"]


def test_people_are_known_again_after_a_cut():
    cut = evaluate(MANIFEST, "--cut", "--uri", "clean3-1", "--uri", "noisy2-0")["groups"]["all"]
    assert cut["people"]["total"] >= 4
    assert cut["people"]["matched"] == cut["people"]["total"]
    assert cut["speech"]["right"] >= 0.9
