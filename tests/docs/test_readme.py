"""What the README says works as it stands there."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from speaker_tracker.protocol import ErrorCode
from speaker_tracker.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def code(language: str, containing: str) -> str:
    """The one block of code of that language in which ``containing`` stands."""
    (block,) = [block for block in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) if containing in block]
    return block


@pytest.fixture
def boost_plugin(tmp_path):
    """The README's example of a stage, installed in a folder as pip would install it."""
    project = tomllib.loads(code("toml", "boost-stage"))["project"]
    (tmp_path / "boost_stage.py").write_text(code("python", "class Boost"), encoding="utf-8")
    info = tmp_path / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    ((group, points),) = project["entry-points"].items()
    lines = "\n".join(f"{name} = {value}" for name, value in points.items())
    (info / "entry_points.txt").write_text(f"[{group}]\n{lines}\n", encoding="utf-8")
    return tmp_path


def speaker_tracker(*arguments, plugins=None, **settings):
    environment = {**os.environ, **{f"SPEAKER_TRACKER_{name}": value for name, value in settings.items()}}
    if plugins is not None:
        environment["PYTHONPATH"] = str(plugins)
    command = [sys.executable, "-m", "speaker_tracker", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)


def test_the_stage_of_the_example_is_found_and_takes_its_option(boost_plugin):
    chain = ["frame_decoder", "boost", "silero_vad", "speechbrain_embedding", "kmeans_assigner", "timing_aggregator", "reporter"]
    done = speaker_tracker("stages", plugins=boost_plugin, STAGES=json.dumps(chain), STAGE_OPTIONS__BOOST__DECIBELS="10")

    assert done.returncode == 0, done.stderr
    assert "provided by boost_stage (boost-stage 1.0)" in done.stdout
    assert re.search(r"decibels\s+10\.0\s.*SPEAKER_TRACKER_STAGE_OPTIONS__BOOST__DECIBELS", re.sub(r"\s+", " ", done.stdout))


def test_the_stage_of_the_example_works_in_a_chain(boost_plugin):
    chain = ["frame_decoder", "boost", "energy_vad", "speechbrain_embedding", "kmeans_assigner", "timing_aggregator", "reporter"]
    audio = ROOT / "tests" / "data" / "dialogue.flac"
    done = speaker_tracker("diarize", audio, "--json", plugins=boost_plugin, STAGES=json.dumps(chain))

    assert done.returncode == 0, done.stderr
    assert [speaker["id"] for speaker in json.loads(done.stdout)["speakers"]] == [0, 1]


def test_the_chain_with_another_detector_is_configured_as_shown():
    exported = dict(re.findall(r"export SPEAKER_TRACKER_(\w+)=(.*)", code("sh", "energy_vad")))
    done = speaker_tracker("stages", **{name: value.strip("'") for name, value in exported.items()})

    assert done.returncode == 0, done.stderr
    assert re.search(r"2\. energy_vad", done.stdout)
    assert re.search(r"threshold_db\s+12\.0", done.stdout)


@pytest.mark.e2e
def test_the_client_of_fifteen_lines_gets_its_report(start_server, monkeypatch):
    monkeypatch.chdir(ROOT)
    client = code("python", "websockets.connect").replace("ws://127.0.0.1:8000/ws/session", start_server().url)
    done = subprocess.run([sys.executable, "-c", client], capture_output=True, text=True, check=True, timeout=200)

    messages = [json.loads(line) for line in done.stdout.splitlines()]
    assert messages[0] == {"event": "started", "num_speakers": 2}
    assert messages[-1]["event"] == "report"
    assert len(messages[-1]["speakers"]) == 2


@pytest.mark.e2e
def test_the_client_of_the_package_gets_its_report(start_server, monkeypatch):
    monkeypatch.chdir(ROOT)
    client = code("python", "TrackerClientSync").replace("ws://127.0.0.1:8000/ws/session", start_server().url)
    done = subprocess.run([sys.executable, "-c", client], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("Report(")


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_is_named(field):
    assert f"`{field.upper()}" in README


@pytest.mark.parametrize("error", ErrorCode)
def test_every_error_is_named(error):
    assert f"`{error}`" in README


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_links_lead_somewhere(target):
    assert (ROOT / target).exists()
