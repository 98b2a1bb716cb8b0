"""Words of known speakers, and how many are given to another."""

import importlib.util
import re
import subprocess
import sys

import pytest

from speaker_tracker.results.rttm import Turn
from speaker_tracker.transcripts.turns import SpeakerTurn
from support.pages import ROOT


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("score_words", ROOT / "scripts" / "score_words.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["score_words"] = module
    spec.loader.exec_module(module)
    return module


def turns(*given):
    return [Turn("talk", *one) for one in given]


def found(*given):
    return [SpeakerTurn(start, end, name, name) for start, end, name in given]


def test_numbered_words_fill_the_turns_in_order_of_time(script):
    words = script.numbered(turns((2.0, 3.0, "ben"), (0.0, 1.0, "anna"), (0.5, 0.6, "ben")))
    assert [(word.text, round(word.start, 2), speaker) for word, speaker in words] == [
        ("0", 0.0, "anna"), ("1", 0.33, "anna"), ("2", 0.5, "ben"), ("3", 0.67, "anna"),
        ("4", 2.0, "ben"), ("5", 2.33, "ben"), ("6", 2.67, "ben"),
    ]  # fmt: skip


def test_words_of_texts_fill_the_stretches_of_their_speaker(script):
    reference = turns((0.0, 1.0, "anna"), (2.0, 3.0, "anna"), (4.0, 5.0, "ben"))
    words = script.told(reference, [("anna", "aaaa bbbb"), ("ben", "cc"), ("ben", "dd")])
    assert [(word.text, word.start, word.end, speaker) for word, speaker in words] == [
        ("aaaa", 0, 1, "anna"), ("bbbb", 2, 3, "anna"), ("cc", 4, 4.5, "ben"), ("dd", 4.5, 5, "ben"),
    ]  # fmt: skip
    with pytest.raises(SystemExit, match="not those of the reference"):
        script.told(reference, [("ben", "a")])


def test_speakers_are_assigned_as_is_best_and_the_rest_is_wrong(script):
    reference = turns((0, 10, "anna"), (10, 20, "ben"))
    words = script.numbered(reference)
    assert script.score(words, found((0, 10, "1"), (10, 20, "0"))) == script.Score(60, 0, 0)
    assert script.score(words, found((0, 15, "1"), (15, 20, "0"))) == script.Score(60, 15, 0)
    assert script.score(words, found((0, 15, "1"), (15, 20, "0")), timed=True) == script.Score(60, 15, 0)
    assert script.score(words, found((0, 10, "1"))).nobody == 26
    assert script.score(words, []) == script.Score(60, 0, 60)


@pytest.mark.slow
def test_nearly_all_words_of_the_conversations_of_the_repository_have_the_right_speaker():
    command = [sys.executable, str(ROOT / "scripts" / "score_words.py"), "--texts", str(ROOT / "tests/data/conversations.toml")]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    (wrong,) = re.findall(r"^synthetic +2 +357 +([\d.]+) +0\.0 +0\.0$", lines[1])
    assert float(wrong) < 2
