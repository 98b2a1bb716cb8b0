"""The template of a stage, as its users take it: copied, built, installed in a clean environment beside our own wheel, and used."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from support.clean_environment import call

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
CHAIN = ["frame_decoder", "hum_filter", "silero_vad", "speechbrain_embedding", "kmeans_assigner", "timing_aggregator", "reporter"]


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """The folder of the copy, and the programs of an environment that has it and Speaker Tracker."""
    folder = tmp_path_factory.mktemp("template")
    shutil.copytree(ROOT / "plugins" / "template", folder / "my-stage", ignore=shutil.ignore_patterns("__pycache__"))
    build = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder / "wheels")
    call(*build, ROOT, folder / "my-stage", folder=folder)
    call(sys.executable, "-m", "venv", folder / "venv", folder=folder)
    programs = folder / "venv" / "bin"
    wheels = sorted((folder / "wheels").glob("*.whl"))
    assert len(wheels) == 2
    install = (programs / "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt")
    call(*install, *wheels, "pytest", folder=folder, within=800)
    return folder / "my-stage", programs


def test_its_own_tests_pass(copied):
    folder, programs = copied
    assert "3 passed" in call(programs / "pytest", "-q", "tests", folder=folder)


def test_the_stage_is_on_offer_and_takes_its_options(copied):
    folder, programs = copied
    shown = call(
        programs / "speaker-tracker", "stages", folder=folder, STAGES=json.dumps(CHAIN), STAGE_OPTIONS__HUM_FILTER__CUTOFF_HZ="100"
    )

    assert "2. hum_filter" in shown
    assert "speaker-tracker-hum-filter 1.0.0" in shown
    assert "100.0" in shown


def test_the_stage_works_in_a_chain(copied):
    folder, programs = copied
    audio = ROOT / "tests" / "data" / "dialogue.flac"
    report = json.loads(call(programs / "speaker-tracker", "diarize", audio, "--json", folder=folder, STAGES=json.dumps(CHAIN)))

    assert [speaker["id"] for speaker in report["speakers"]] == [0, 1]
