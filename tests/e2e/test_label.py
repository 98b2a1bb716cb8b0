"""A recording and its transcript become subtitles with names, by the default chain."""

import json
import subprocess
import sys
import tomllib

import pytest

from support.pages import ROOT

DATA = ROOT / "tests" / "data"

pytestmark = pytest.mark.e2e


def speaker_tracker(*arguments):
    command = [sys.executable, "-m", "speaker_tracker", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def turns():
    """Who says what in the dialogue."""
    document = tomllib.loads((DATA / "conversations.toml").read_text())
    (dialogue,) = [one for one in document["conversation"] if one["uri"] == "dialogue"]
    return [(turn["speaker"], turn["text"]) for turn in dialogue["turns"]]


@pytest.fixture
def transcript(turns, tmp_path):
    """The dialogue as Whisper would write it without times of words, a segment for each turn."""
    stretches = [line.split() for line in (DATA / "dialogue.rttm").read_text().splitlines()]
    own = []
    for fields in stretches:
        start, end = float(fields[3]), float(fields[3]) + float(fields[4])
        if own and own[-1][2] == fields[7]:
            own[-1][1] = end
        else:
            own.append([start, end, fields[7]])
    assert [speaker for _, _, speaker in own] == [speaker for speaker, _ in turns]
    segments = [{"start": start, "end": end, "text": f" {text}"} for (start, end, _), (_, text) in zip(own, turns, strict=True)]
    path = tmp_path / "dialogue.json"
    path.write_text(json.dumps({"text": "", "segments": segments, "language": "en"}))
    return path


def test_a_transcript_gets_the_names_of_known_voices_and_numbers_of_others(transcript, turns, tmp_path):
    voices, audio = tmp_path / "voices.json", DATA / "dialogue.flac"
    speaker_tracker("diarize", audio, "--learn", voices, "--learn-as", "0=Anna")
    text = speaker_tracker("label", transcript, "--audio", audio, "--voices", voices, "--to", "text")
    first = turns[0][0]
    assert text == "\n".join(f"{'Anna' if speaker == first else 'Speaker 1'}: {said}\n" for speaker, said in turns)


def test_rttm_and_report_of_diarize_say_the_same_as_the_recording(transcript, tmp_path):
    audio = DATA / "dialogue.flac"
    (tmp_path / "report.json").write_text(speaker_tracker("diarize", audio, "--json", "--rttm", tmp_path / "talk.rttm"))
    told = {
        speaker_tracker("label", transcript, *source, "--to", "vtt")
        for source in (("--audio", audio), ("--rttm", tmp_path / "talk.rttm"), ("--report", tmp_path / "report.json"))
    }
    assert len(told) == 1
