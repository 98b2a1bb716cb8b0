import json

import pytest
from click.testing import CliRunner

from speaker_tracker.cli.main import main
from speaker_tracker.engine.chain import DEFAULT_STAGES
from speaker_tracker.engine.plugins import PluginManager
from support.cloudevents_stage import NAME, OPTION

SECRETS = {
    "HEADERS": '{"Authorization": "Bearer sesame"}',
    "SINK": "https://anna:sesame@events.example.com:8443/in?key=sesame#sesame",
}


@pytest.mark.parametrize("arguments", [["stages"], ["stages", "--json"]])
@pytest.mark.parametrize("chain", [[*DEFAULT_STAGES, NAME], DEFAULT_STAGES], ids=["in the chain", "on offer"])
def test_secrets_are_not_shown(monkeypatch, arguments, chain):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGES", ",".join(chain))
    for option, value in SECRETS.items():
        monkeypatch.setenv(f"{OPTION}{option}", value)
    result = CliRunner().invoke(main, arguments)

    assert result.exit_code == 0, result.stderr
    told = "".join(result.stdout.split())  # lines are folded anywhere
    assert "https://events.exam" in told
    assert "Authorization" in told
    assert "sesame" not in told


def test_secrets_are_not_in_what_is_told_of_the_stage(loaded):
    stage = loaded(sink=SECRETS["SINK"], headers=json.loads(SECRETS["HEADERS"]))
    options = PluginManager().stages[NAME].spec.options(sink=SECRETS["SINK"], headers=json.loads(SECRETS["HEADERS"]))

    assert stage.info == {"sink": "https://events.example.com:8443"}
    assert "sesame" not in repr(options) + options.model_dump_json() + repr(options.model_dump())
