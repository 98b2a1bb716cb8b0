"""The chains in deploy/chains, as a shell and as a container's engine read them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from speaker_tracker.settings import DEFAULT_STAGES
from support.recording_sink import RecordingSink

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "deploy" / "chains").glob("*.env"))


def as_an_engine_reads(path):
    """Lines of ``NAME=VALUE``, the value as it stands."""
    return dict(line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines())


def as_a_shell_reads(path):
    script = f'set -a; . "{path}"; set +a; exec "{sys.executable}" -c "import json, os; print(json.dumps(dict(os.environ)))"'
    done = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True)
    return {name: value for name, value in json.loads(done.stdout).items() if name.startswith("SPEAKER_TRACKER_")}


@pytest.fixture
def sink(monkeypatch):
    """Where chains that tell of sessions elsewhere find somebody."""
    with RecordingSink() as sink:
        monkeypatch.setenv("K_SINK", sink.url)
        yield sink


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_chain_runs_as_it_is(path, sink, exported_cache, request):
    settings = as_an_engine_reads(path)
    assert as_a_shell_reads(path) == settings

    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SPEAKER_TRACKER_")}
    if "onnx_embedding" in settings["SPEAKER_TRACKER_STAGES"]:
        inherited["SPEAKER_TRACKER_MODEL_CACHE"] = str(exported_cache)
    if any(stage in settings["SPEAKER_TRACKER_STAGES"] for stage in ("campplus_embedding", "pyannote_segmentation")):
        site = request.getfixturevalue("campplus_package")
        inherited["PYTHONPATH"] = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-m", "speaker_tracker", "diarize", str(ROOT / "tests" / "data" / "dialogue.flac"), "--json"]
    done = subprocess.run(command, env=inherited | settings, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["speakers"]
    assert len(sink.requests) == ("cloudevents_reporter" in settings["SPEAKER_TRACKER_STAGES"])


def test_the_default_chain_is_the_default():
    assert as_an_engine_reads(ROOT / "deploy" / "chains" / "default.env")["SPEAKER_TRACKER_STAGES"].split(",") == list(
        DEFAULT_STAGES
    )


def test_each_chain_is_in_the_list():
    text = (ROOT / "deploy" / "chains" / "README.md").read_text(encoding="utf-8")
    assert FILES
    assert all(f"| `{path.name}` |" in text for path in FILES)
