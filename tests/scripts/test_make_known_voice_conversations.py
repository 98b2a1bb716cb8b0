import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speaker_tracker.evaluation.manifest import read_manifest
from speaker_tracker.results.rttm import read_rttm

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_known_voice_conversations.py"
RATE = 16_000
PEOPLE = {"anna": 200, "bert": 300, "carl": 400, "dora": 500}
"""Frequencies of the tones that they say."""


def make(*arguments):
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def say(path, hertz, seconds):
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = 0.1 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)
    soundfile.write(path, np.r_[np.zeros(RATE // 10), tone, np.zeros(RATE // 10)], RATE)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    for name, hertz in PEOPLE.items():
        for number in range(4):
            say(folder / "people" / name / f"{name}-monday-{number}.wav", hertz, 4.0)
        if name != "dora":
            say(folder / "people" / name / f"{name}-tuesday-0.wav", hertz, 6.0)
    say(folder / "ella.wav", 600, 6.0)
    soundfile.write(folder / "noise.wav", np.random.default_rng(0).normal(0, 0.1, 5 * RATE), RATE)
    return folder


@pytest.fixture(scope="module")
def made(folder):
    out = folder / "out"
    done = make(folder / "people", out, "--noise", folder / "noise.wav", "--others", folder / "ella.wav", "--each", 1)
    assert done.returncode == 0, done.stderr
    return out


def loudest(audio, turn):
    """The frequency of most energy in a turn."""
    here = audio[round(turn.start * RATE) : round(turn.end * RATE)]
    return np.fft.rfftfreq(len(here), 1 / RATE)[np.abs(np.fft.rfft(here)).argmax()]


def test_each_condition_has_conversations_of_two_three_and_four(made):
    conversations = read_manifest(made / "manifest.json")
    assert [(each.group, each.num_speakers) for each in conversations] == [
        (group, talkers) for group in ("clean", "noisy", "room", "line") for talkers in (2, 3, 4)
    ]
    for each in conversations:
        assert 60 <= each.seconds <= 100
        assert len({turn.speaker for turn in read_rttm(each.rttm)}) == each.num_speakers


def test_turns_are_of_those_whom_the_reference_names_and_nobody_speaks_twice_running(made):
    for each in read_manifest(made / "manifest.json"):
        audio, _ = soundfile.read(each.audio)
        turns = read_rttm(each.rttm)
        assert [loudest(audio, turn) for turn in turns] == pytest.approx([PEOPLE[turn.speaker] for turn in turns], abs=2)
        assert all(one.speaker != other.speaker for one, other in pairwise(turns))
        assert all(turn.end - turn.start == pytest.approx(4.0, abs=0.03) for turn in turns)


def test_the_longest_recording_talks_and_the_others_are_known(made):
    known = {person.name: sorted(file.name for file in person.iterdir()) for person in (made / "known").iterdir()}
    assert known == {
        "anna": ["anna-tuesday-0.wav"],
        "bert": ["bert-tuesday-0.wav"],
        "carl": ["carl-tuesday-0.wav"],
        "dora": ["dora-monday-0.wav", "dora-monday-1.wav"],
        "ella": ["ella.wav"],
    }


def test_conditions_differ_in_noise_echo_and_bandwidth(made):
    between, spectrum = {}, {}
    for each in read_manifest(made / "manifest.json"):
        if each.num_speakers == 2:
            audio, _ = soundfile.read(each.audio)
            end = round(read_rttm(each.rttm)[-1].end * RATE)
            between[each.group] = np.sqrt(np.mean(audio[end + 1600 : end + 4000] ** 2))
            high = np.abs(np.fft.rfft(audio[end - RATE : end])) ** 2
            spectrum[each.group] = high[len(high) * 3 // 5 :].mean()
    assert between["noisy"] > 10 * between["clean"]
    assert between["room"] > 3 * between["clean"]
    assert spectrum["line"] < 0.01 * spectrum["clean"]


def test_the_same_is_made_again(made, folder):
    again = folder / "again"
    make(folder / "people", again, "--noise", folder / "noise.wav", "--each", 1)
    assert json.loads((again / "manifest.json").read_text()) == json.loads((made / "manifest.json").read_text())
    assert (again / "room3-0.flac").read_bytes() == (made / "room3-0.flac").read_bytes()


def test_too_few_people_are_refused_in_one_sentence(folder):
    few = make(folder / "people" / "anna", folder / "few", "--noise", folder / "noise.wav")
    assert few.returncode == 1
    assert few.stderr == "0 people have two files of 1 s or more; 4 are needed, a folder of files each\n"


def test_nobody_both_talks_and_is_another(folder):
    twice = make(folder / "people", folder / "twice", "--noise", folder / "noise.wav", "--others", folder / "people/anna.wav")
    assert twice.returncode == 1
    assert twice.stderr == "anna cannot both talk and be one of the others\n"
