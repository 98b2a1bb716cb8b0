"""What the README says works as it stands there, and it is short."""

import json
import re
import subprocess
import sys
from itertools import groupby

import pytest

from speaker_tracker.settings import Settings
from support.pages import ROOT, as_written, block, blocks, rows, section, text_of
from support.plugin_install import install, speaker_tracker
from support.terminal import Terminal

README = text_of("README.md")
FIRST = section(README, "A first conversation")
OUTPUT = next(each for each in blocks(FIRST) if "share" in each)
CHAIN = ["frame_decoder", "boost", "silero_vad", "speechbrain_embedding", "kmeans_assigner", "timing_aggregator", "reporter"]


def lines_of(output):
    """Turns and totals, without spaces and rules."""
    return [line.split() for line in output.splitlines() if re.search(r"speaker \d", line)]


@pytest.fixture
def boost_plugin(tmp_path):
    """The example of a stage, installed as its packaging in docs/stages.md says."""
    return install(tmp_path, block(README, "python", "class Boost"), block(text_of("docs/stages.md"), "toml", "boost-stage"))


def test_it_has_160_lines_at_most():
    assert len(README.splitlines()) <= 160


@pytest.mark.e2e
def test_the_first_conversation_looks_as_shown(start_server, monkeypatch):
    monkeypatch.chdir(ROOT)
    (command,) = streams("bin/activate")
    screen = shown(command, start_server().url)
    assert lines_of(screen) == lines_of(OUTPUT)
    assert re.search(r"Speech was labelled \d\.\d\d s after it was heard", screen)


@pytest.mark.e2e
def test_people_whose_voices_are_kept_have_names_in_the_next_session(start_server, monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    url = start_server().url
    learn, again = streams("--learn-as")
    assert lines_of(shown(learn, url))[: len(lines_of(OUTPUT))] == lines_of(OUTPUT)
    assert people_of(shown(again, url)) == ["Ada", "Ben"] * 4


def streams(text):
    """The ``stream`` commands of the example with this text."""
    return re.findall(r"^speaker-tracker (stream .*)$", block(FIRST, "sh", text), re.MULTILINE)


def people_of(output):
    """Who speaks in turn; where a turn is shown in pieces, once."""
    turns = re.findall(r"-\s+\d+:\d\d\.\d\s+(\w.*?)\s*$", output, re.MULTILINE)
    return [name for name, _ in groupby(turns)]


def shown(command, url):
    """The screen at the end of a command."""
    terminal = Terminal([sys.executable, "-m", "speaker_tracker", *command.split(), "--url", url], columns=120, lines=40)
    try:
        assert terminal.wait() == 0, terminal.screen
        return terminal.screen
    finally:
        terminal.close()


@pytest.mark.e2e
def test_the_client_gets_its_report(start_server, monkeypatch):
    monkeypatch.chdir(ROOT)
    client = block(README, "python", "TrackerClientSync").replace("ws://127.0.0.1:8000/ws/session", start_server().url)
    done = subprocess.run([sys.executable, "-c", client], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("Report(")


def test_it_has_the_eight_settings_needed_most_with_their_defaults():
    table = [cells for cells in rows(section(README, "Settings")) if cells[0] != "---"]
    assert len(table) == 8
    for name, default, _ in table:
        setting = name.strip("`").lower().partition("__")[0]
        assert setting in Settings.model_fields
        if setting not in {"stages", "stage_options"}:
            assert default == f"`{as_written(Settings.model_fields[setting].default)}`"


def test_the_stage_is_found_and_takes_its_option(boost_plugin):
    done = speaker_tracker("stages", plugins=boost_plugin, STAGES=json.dumps(CHAIN), STAGE_OPTIONS__BOOST__DECIBELS="10")

    assert done.returncode == 0, done.stderr
    assert "provided by boost_stage (boost-stage 1.0)" in done.stdout
    assert re.search(r"decibels\s+10\.0\s.*SPEAKER_TRACKER_STAGE_OPTIONS__BOOST__DECIBELS", re.sub(r"\s+", " ", done.stdout))


def test_the_stage_works_in_a_chain(boost_plugin):
    chain = [name.replace("silero_vad", "energy_vad") for name in CHAIN]
    audio = ROOT / "tests" / "data" / "dialogue.flac"
    done = speaker_tracker("diarize", audio, "--json", plugins=boost_plugin, STAGES=json.dumps(chain))

    assert done.returncode == 0, done.stderr
    assert [speaker["id"] for speaker in json.loads(done.stdout)["speakers"]] == [0, 1]
