"""The wheel and the sdist that ``make build`` makes, each installed in a clean environment and tried there."""

import json
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from speaker_tracker.server.web import page_files
from support.clean_environment import CleanEnvironment
from support.known_conversation import DATA

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
SOURCES = {
    "speaker_tracker": ROOT / "runtime",
    "speaker_tracker_stages": ROOT / "stages",
    "speaker_tracker_plugins": ROOT / "plugins",
}
"""Each package, and the folder that it lies in."""


def build(folder, *what):
    """What is built from the repository, in ``folder``."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, *what, ROOT]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=250)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """By their kinds, as ``make build`` makes them: the wheel is built from the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    build(folder)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return {"wheel": wheel, "sdist": sdist}


@pytest.fixture(scope="module", params=["wheel", "sdist"])
def installed(request, distributions, tmp_path_factory):
    return CleanEnvironment(tmp_path_factory.mktemp(request.param) / "environment", distributions[request.param])


def test_the_sdist_builds_the_same_wheel_as_the_repository(distributions, tmp_path):
    build(tmp_path, "--wheel")

    (direct,) = tmp_path.glob("*.whl")
    assert direct.name == distributions["wheel"].name
    with zipfile.ZipFile(direct) as ours, zipfile.ZipFile(distributions["wheel"]) as built:
        assert sorted(built.namelist()) == sorted(ours.namelist())
        assert [name for name in ours.namelist() if built.read(name) != ours.read(name)] == []


@pytest.mark.parametrize("package", SOURCES)
def test_every_file_of_a_package_is_installed(installed, package):
    files = [file for file in (SOURCES[package] / package).rglob("*") if file.is_file() and file.suffix != ".pyc"]

    assert len(files) > 5
    for file in files:
        assert (installed.packages / file.relative_to(SOURCES[package])).read_bytes() == file.read_bytes()


def test_the_page_the_protocol_the_model_and_the_types_are_where_they_are_looked_for(installed):
    package = installed.packages / "speaker_tracker"

    for name, file in page_files().items():
        assert (package / "web" / name).read_bytes() == file.body
    assert (package / "protocol" / "asyncapi.yaml").is_file()
    assert {"hyperparams.yaml", "embedding_model.ckpt", "calibration.json"} <= {
        file.name for file in (package / "models" / "ecapa-mini").iterdir()
    }
    assert all((installed.packages / name / "py.typed").is_file() for name in SOURCES)


def test_it_is_the_package_in_the_environment_that_runs(installed):
    printed = installed.run("python", "-c", "import speaker_tracker_stages as stages; print(stages.__file__)")

    assert Path(printed.strip()) == installed.packages / "speaker_tracker_stages" / "__init__.py"


def test_the_command_tells_its_version(installed):
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

    assert version in installed.run("speaker-tracker", "--version")


def test_the_chain_and_the_stages_on_offer_are_shown(installed):
    printed = installed.run("speaker-tracker", "stages")

    for name in ("frame_decoder", "silero_vad", "speechbrain_embedding", "kmeans_assigner", "timing_aggregator", "reporter"):
        assert name in printed
    assert "energy_vad" in printed


def test_a_conversation_is_tracked_with_the_embedded_model(installed, tmp_path):
    printed = installed.run("speaker-tracker", "diarize", DATA / "dialogue.flac", "--json", model_cache=str(tmp_path))

    speakers = json.loads(printed)["speakers"]
    assert [speaker["id"] for speaker in speakers] == [0, 1]
    assert all(speaker["totalTimeMs"] > 10_000 for speaker in speakers)
