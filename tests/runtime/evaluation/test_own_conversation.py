import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from speaker_tracker.cli.main import main

pytest.importorskip("pyannote.metrics")
pytestmark = pytest.mark.usefixtures("clean_environment")

MANIFEST = Path(__file__).parents[2] / "data" / "manifest.json"


def test_the_default_chain_tells_the_voices_of_a_dialogue_apart():
    result = CliRunner().invoke(main, ["evaluate", str(MANIFEST), "--uri", "dialogue", "--json"])
    assert result.exit_code == 0, result.stderr
    figures = json.loads(result.stdout)["files"][0]
    assert figures["speakersReported"] == 2
    assert figures["final"]["confusion"] < 0.02
    assert figures["online"]["confusion"] < 0.05
    assert figures["idSwitches"] == 0
    assert figures["final"]["missed"] < 0.05
    assert figures["final"]["falseAlarm"] < 0.15
    assert figures["latencyMs"]["median"] <= 1000
