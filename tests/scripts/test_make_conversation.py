"""The project's own conversations: audio and reference belong together, and the script makes them again."""

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speaker_tracker.results.rttm import read_rttm

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
SCRIPT = ROOT / "scripts" / "make_conversation.py"
SOURCE = tomllib.loads((DATA / "conversations.toml").read_text())
ENTRIES = json.loads((DATA / "manifest.json").read_text())


@pytest.fixture(params=ENTRIES, ids=[entry["uri"] for entry in ENTRIES])
def entry(request):
    return request.param


@pytest.fixture
def audio(entry):
    samples, rate = soundfile.read(DATA / entry["audio"])
    assert rate == 16_000
    return samples


@pytest.fixture
def turns(entry):
    return read_rttm(DATA / entry["rttm"])


def level(samples):
    return 10 * np.log10(np.mean(samples**2))


def test_the_audio_is_16_bit_mono_of_the_length_that_the_manifest_says(entry):
    info = soundfile.info(DATA / entry["audio"])
    assert (info.samplerate, info.channels, info.subtype) == (16_000, 1, "PCM_16")
    assert info.duration == pytest.approx(entry["seconds"], abs=0.01)


def test_the_reference_names_as_many_speakers_as_the_manifest(entry, turns):
    assert len({turn.speaker for turn in turns}) == entry["num_speakers"]


def test_turns_lie_within_the_audio_one_after_the_other(entry, turns):
    times = [time for turn in turns for time in (turn.start, turn.end)]
    assert times == sorted(times)
    assert times[0] > 0
    assert times[-1] < entry["seconds"]


def test_speech_is_inside_the_turns_and_noise_outside(audio, turns):
    inside = np.zeros(len(audio), bool)
    for turn in turns:
        inside[round(turn.start * 16_000) : round(turn.end * 16_000)] = True
    assert level(audio[inside]) > -30
    assert level(audio[~inside]) < -55


def test_every_turn_begins_and_ends_with_speech(audio, turns):
    for turn in turns:
        start, end = round(turn.start * 16_000), round(turn.end * 16_000)
        for edge in (audio[start : start + 800], audio[end - 800 : end]):
            assert level(edge) > -58


def test_nothing_clips(audio):
    assert np.abs(audio).max() < 0.9


def this_espeak():
    if shutil.which("espeak-ng") is None:
        return None
    return subprocess.run(["espeak-ng", "--version"], capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(SOURCE["espeak_ng"] not in (this_espeak() or ""), reason=f"needs espeak-ng {SOURCE['espeak_ng']}")
def test_the_script_makes_the_same_conversations_again(tmp_path):
    subprocess.run([sys.executable, str(SCRIPT), "--out", str(tmp_path)], check=True, timeout=120)
    assert json.loads((tmp_path / "manifest.json").read_text()) == ENTRIES
    for entry in ENTRIES:
        assert (tmp_path / entry["rttm"]).read_text() == (DATA / entry["rttm"]).read_text()
        again, _ = soundfile.read(tmp_path / entry["audio"])
        stored, _ = soundfile.read(DATA / entry["audio"])
        np.testing.assert_allclose(again, stored, atol=1e-3)


def test_without_espeak_the_script_says_what_is_missing(tmp_path):
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        env={"PATH": str(tmp_path)},
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == "espeak-ng is needed to make the voices; install the package espeak-ng of your system"
