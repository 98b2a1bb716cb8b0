import json

import pytest
from click.testing import CliRunner

from speaker_tracker.cli.main import main

pytestmark = pytest.mark.usefixtures("clean_environment")


def run(*arguments):
    return CliRunner().invoke(main, ["stages", *arguments])


def document(*arguments):
    result = run("--json", *arguments)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def option(stages, stage, name):
    described = next(entry for entry in stages if entry["name"] == stage)
    return next(entry for entry in described["options"] if entry["name"] == name)


def test_the_chain_is_told_in_order_with_what_else_is_on_offer():
    told = document()
    assert [stage["name"] for stage in told["stages"]] == [
        "frame_decoder",
        "silero_vad",
        "speechbrain_embedding",
        "kmeans_assigner",
        "timing_aggregator",
        "reporter",
    ]
    assert told["stagesFrom"] == "default"
    assert "energy_vad" in [stage["name"] for stage in told["onOffer"]]
    assert told["stages"][1]["provider"] == "speaker_tracker_stages.silero_vad"


def test_every_option_has_a_description():
    told = document()
    for stage in (*told["stages"], *told["onOffer"]):
        for entry in stage["options"]:
            assert entry["description"], f"{stage['name']}.{entry['name']}"


def test_an_option_tells_where_its_value_came_from(monkeypatch, tmp_path):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__REPORTER__PERIOD_MS", "250")
    (tmp_path / "settings.toml").write_text("[stage_options.silero_vad]\nthreshold = 0.6\n")
    monkeypatch.setenv("SPEAKER_TRACKER_CONFIG", "what --config replaces, until the test is over")
    told = document("--config", str(tmp_path / "settings.toml"))["stages"]
    period, threshold = option(told, "reporter", "period_ms"), option(told, "silero_vad", "threshold")
    assert (period["value"], period["from"]) == (250, "SPEAKER_TRACKER_STAGE_OPTIONS__REPORTER__PERIOD_MS")
    assert (threshold["value"], threshold["from"]) == (0.6, str(tmp_path / "settings.toml"))
    assert option(told, "silero_vad", "padding_ms")["from"] == "default"


def test_a_plugin_is_told_with_its_distribution(scripted_chain):  # noqa: ARG001
    told = document()
    assert told["stages"][0]["provider"] == "scripted-plugin (scripted-dist 1.2)"
    assert told["stagesFrom"] == "SPEAKER_TRACKER_STAGES"


def test_options_of_a_stage_outside_the_chain_are_told_as_set(monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__ENERGY_VAD__MIN_SPEECH_MS", "50")
    entry = option(document()["onOffer"], "energy_vad", "min_speech_ms")
    assert entry["from"] == "SPEAKER_TRACKER_STAGE_OPTIONS__ENERGY_VAD__MIN_SPEECH_MS"
    assert entry["value"] == "50"


def test_the_text_fits_100_columns(monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__REPORTER__PERIOD_MS", "250")
    result = run()
    assert max(map(len, result.stdout.splitlines())) <= 100
    assert " 6. reporter" in result.stdout
    assert "SPEAKER_TRACKER_STAGE_OPTIONS__REPORTER__PERIOD_MS" in result.stdout


def test_a_chain_that_cannot_work_is_one_line_and_status_1(monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGES", '["silero_vad"]')
    result = run()
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: stage 'silero_vad' consumes AudioBlock, which nothing before it")
    assert len(result.stderr.splitlines()) == 1
