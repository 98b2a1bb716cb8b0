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
    """Of a stage or an observer."""
    described = next(entry for entry in stages if entry["name"] == stage)
    return next(entry for entry in described["options"] if entry["name"] == name)


def test_the_chain_is_printed_in_order_with_the_other_stages():
    told = document()
    assert [stage["name"] for stage in told["stages"]] == [
        "frame_decoder",
        "silero_vad",
        "speaker_segmentation",
        "speechbrain_embedding",
        "kmeans_assigner",
        "timing_aggregator",
        "reporter",
    ]
    assert told["stagesFrom"] == "default"
    assert "energy_vad" in [stage["name"] for stage in told["onOffer"]]
    assert told["stages"][1]["provider"] == "speaker_tracker_stages.silero_vad"


def test_what_a_stage_can_do_without_is_apart_from_what_it_needs():
    described = {stage["name"]: stage for stage in document()["stages"]}
    aggregator, decoder = described["timing_aggregator"], described["frame_decoder"]

    assert aggregator["consumes"] == ["SpeakersAssigned"]
    assert aggregator["mayConsume"] == ["OverlappedSpeech", "SpeakerChange", "SpeechPause"]
    assert decoder["mayConsume"] == []

    lines = [line.strip() for line in run().stdout.splitlines()]
    place = lines.index("SpeakersAssigned -> TimelineChanged")
    assert lines[place + 1] == "also reads, if a stage before produces them: OverlappedSpeech, SpeakerChange, SpeechPause"
    assert sum(line.startswith("also reads") for line in lines) == sum(
        bool(stage["mayConsume"]) for stage in (*document()["stages"], *document()["onOffer"])
    )


def test_every_option_has_a_description():
    told = document()
    for described in (*told["stages"], *told["onOffer"], *told["observersOnOffer"]):
        for entry in described["options"]:
            assert entry["description"], f"{described['name']}.{entry['name']}"


def test_an_option_tells_where_its_value_came_from(monkeypatch, tmp_path):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__REPORTER__PERIOD_MS", "250")
    (tmp_path / "settings.toml").write_text("[stage_options.silero_vad]\nthreshold = 0.6\n")
    monkeypatch.setenv("SPEAKER_TRACKER_CONFIG", "what --config replaces, until the test is over")
    told = document("--config", str(tmp_path / "settings.toml"))["stages"]
    period, threshold = option(told, "reporter", "period_ms"), option(told, "silero_vad", "threshold")
    assert (period["value"], period["from"]) == (250, "SPEAKER_TRACKER_STAGE_OPTIONS__REPORTER__PERIOD_MS")
    assert (threshold["value"], threshold["from"]) == (0.6, str(tmp_path / "settings.toml"))
    assert option(told, "silero_vad", "padding_ms")["from"] == "default"


def test_a_value_under_a_former_name_of_its_option_tells_where_it_came_from(monkeypatch, tmp_path):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__SILERO_VAD__RELEASE", "0.1")
    (tmp_path / "settings.toml").write_text("[stage_options.kmeans_assigner]\nsure = 0.9\n")
    monkeypatch.setenv("SPEAKER_TRACKER_CONFIG", str(tmp_path / "settings.toml"))
    told = document()["stages"]
    release = option(told, "silero_vad", "deactivation_threshold")
    sure = option(told, "kmeans_assigner", "confidence_threshold")

    assert (release["value"], release["from"]) == (0.1, "SPEAKER_TRACKER_STAGE_OPTIONS__SILERO_VAD__RELEASE")
    assert (sure["value"], sure["from"]) == (0.9, str(tmp_path / "settings.toml"))


def test_a_plugin_that_offers_nothing_is_named(site):
    unmarked = "def speaker_tracker_stages():\n    return []\n"
    site.install("hollow", unmarked, distribution="hollow-vad", entry_points={"hollow": "hollow"})
    assert document()["pluginsWithoutOffer"] == ["hollow (hollow-vad 1.2)"]
    assert "Plugins that offer nothing" in run().stdout
    assert "hollow (hollow-vad 1.2)" in run().stdout


def test_without_such_a_plugin_nothing_is_said_of_it():
    assert document()["pluginsWithoutOffer"] == []
    assert "offer nothing" not in run().stdout


def test_a_plugin_is_printed_with_its_distribution(scripted_chain):  # noqa: ARG001
    told = document()
    assert told["stages"][0]["provider"] == "scripted-plugin (scripted-dist 1.2)"
    assert told["stagesFrom"] == "SPEAKER_TRACKER_STAGES"


def test_options_of_a_stage_outside_the_chain_are_printed_as_set(monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__ENERGY_VAD__MIN_SPEECH_MS", "50")
    entry = option(document()["onOffer"], "energy_vad", "min_speech_ms")
    assert entry["from"] == "SPEAKER_TRACKER_STAGE_OPTIONS__ENERGY_VAD__MIN_SPEECH_MS"
    assert entry["value"] == 50


def test_the_text_fits_100_columns(monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__REPORTER__PERIOD_MS", "250")
    monkeypatch.setenv("SPEAKER_TRACKER_OBSERVERS", "prometheus")
    monkeypatch.setenv("SPEAKER_TRACKER_OBSERVER_OPTIONS__PROMETHEUS__PATH", "/metrics/of/a/server/of/many")
    result = run()
    assert max(map(len, result.stdout.splitlines())) <= 100
    assert " 7. reporter" in result.stdout
    assert "SPEAKER_TRACKER_STAGE_OPTIONS__REPORTER__PERIOD_MS" in result.stdout


def test_a_chain_that_cannot_work_is_one_line_and_status_1(monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGES", '["silero_vad"]')
    result = run()
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: stage 'silero_vad' consumes AudioBlock, which nothing before it")
    assert len(result.stderr.splitlines()) == 1


# -- observers -------------------------------------------------------------------------------------------------------------------


def test_observers_are_on_offer_until_they_are_named():
    told = document()
    assert told["observers"] == []
    assert told["observersFrom"] == "default"
    assert "prometheus" in [observer["name"] for observer in told["observersOnOffer"]]

    text = run().stdout
    assert "Observers (named by" not in text
    assert "Observers on offer, not in use\n\n  - prometheus  serves /metrics" in text


def test_observers_in_use_are_printed_with_provider_options_and_sources(monkeypatch, tmp_path):
    (tmp_path / "settings.toml").write_text('observers = ["prometheus"]\n')
    monkeypatch.setenv("SPEAKER_TRACKER_CONFIG", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("SPEAKER_TRACKER_OBSERVER_OPTIONS__PROMETHEUS__PATH", "/figures")
    told = document()
    (prometheus,) = told["observers"]
    path = option(told["observers"], "prometheus", "path")

    assert told["observersFrom"] == str(tmp_path / "settings.toml")
    assert "prometheus" not in [observer["name"] for observer in told["observersOnOffer"]]
    assert prometheus["provider"] == "speaker_tracker_plugins.prometheus"
    assert (path["value"], path["default"]) == ("/figures", "/metrics")
    assert path["from"] == "SPEAKER_TRACKER_OBSERVER_OPTIONS__PROMETHEUS__PATH"

    text = run().stdout
    joined = "".join(text.split())  # however long the path is, and wherever it is broken
    assert f"Observers(namedby:{tmp_path / 'settings.toml'})-prometheus" in joined
    assert "Observers on offer" not in text


def test_options_of_an_observer_that_is_not_in_use_are_printed_as_set(monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_OBSERVER_OPTIONS__PROMETHEUS__PATH", "/figures")
    assert option(document()["observersOnOffer"], "prometheus", "path")["value"] == "/figures"


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        (
            "OBSERVERS",
            "prometeus",
            "SPEAKER_TRACKER_OBSERVERS names an unknown observer 'prometeus'; did you mean 'prometheus'? observers on offer: ",
        ),
        ("OBSERVER_OPTIONS__STATSD__PORT", "1", "SPEAKER_TRACKER_OBSERVER_OPTIONS sets options of an unknown observer 'statsd'"),
        ("OBSERVER_OPTIONS__PROMETHEUS__PORT", "1", "observer 'prometheus' has no option 'port'"),
        ("OBSERVER_OPTIONS__PROMETHEUS__PATH", "metrics", "option 'path' of observer 'prometheus' (set by SPEAKER_TRACKER_"),
    ],
)
def test_an_observer_that_cannot_work_is_one_line_and_status_1(monkeypatch, name, value, wanted):
    monkeypatch.setenv(f"SPEAKER_TRACKER_{name}", value)
    result = run()
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {wanted}")
    assert len(result.stderr.splitlines()) == 1


SECRETIVE = """
from pydantic import Field, SecretStr

from speaker_tracker import hookimpl
from speaker_tracker.events import ClientMessage, PcmReceived
from speaker_tracker.observer import Observer, ObserverOptions, ObserverSpec
from speaker_tracker.stage import StageOptions, StageSpec


class KeyedStage(StageOptions):
    address: str
    key: SecretStr | None = Field(None, min_length=4)
    keys: list[SecretStr] = []


class KeyedObserver(ObserverOptions):
    key: SecretStr = Field(SecretStr("opensesame"), min_length=4)


@hookimpl
def speaker_tracker_stages():
    flow = {"consumes": frozenset({PcmReceived}), "produces": frozenset({ClientMessage})}
    return [StageSpec(name="keyed", summary="", options=KeyedStage, load=None, **flow)]


@hookimpl
def speaker_tracker_observers():
    return [ObserverSpec(name="keyed", summary="", options=KeyedObserver, load=None)]
"""


@pytest.fixture
def secretive(site):
    """A stage and an observer with secrets, both on offer as ``keyed``."""
    site.install("secretive", SECRETIVE, distribution="secretive-dist", entry_points={"secretive": "secretive"})


@pytest.mark.usefixtures("secretive")
@pytest.mark.parametrize("in_use", [True, False])
def test_secrets_are_masked_in_use_or_not(monkeypatch, in_use):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__KEYED", '{"address": "here", "key": "sesame1", "keys": ["sesame2"]}')
    monkeypatch.setenv("SPEAKER_TRACKER_OBSERVER_OPTIONS__KEYED__KEY", "sesame3")
    if in_use:
        monkeypatch.setenv("SPEAKER_TRACKER_STAGES", "keyed")
        monkeypatch.setenv("SPEAKER_TRACKER_OBSERVERS", "keyed")
    told = document()
    stages, observers = (told["stages"], told["observers"]) if in_use else (told["onOffer"], told["observersOnOffer"])

    assert option(stages, "keyed", "address")["value"] == "here"
    assert option(stages, "keyed", "key")["value"] == "**********"
    assert option(stages, "keyed", "keys")["value"] == ["**********"]
    assert option(observers, "keyed", "key")["value"] == option(observers, "keyed", "key")["default"] == "**********"
    assert "sesame" not in run().stdout + json.dumps(told)


@pytest.mark.usefixtures("secretive")
def test_a_stage_that_needs_an_option_is_on_offer_without_it():
    entry = option(document()["onOffer"], "keyed", "address")
    assert (entry["value"], entry["from"]) == (None, "default")


@pytest.mark.usefixtures("secretive")
def test_a_needed_option_that_is_not_set_is_named_and_no_other_shown(monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__KEYED__KEY", "sesame1")
    assert run().stderr == (
        "Error: option 'address' of stage 'keyed' has no default and must be set "
        "(by SPEAKER_TRACKER_STAGE_OPTIONS__KEYED__ADDRESS)\n"
    )


@pytest.mark.usefixtures("secretive")
@pytest.mark.parametrize(("name", "value"), [("KEY", "abc"), ("KEYS", '["sesame", 31337]')])
def test_a_wrong_secret_is_not_shown(monkeypatch, name, value):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__KEYED__ADDRESS", "here")
    monkeypatch.setenv(f"SPEAKER_TRACKER_STAGE_OPTIONS__KEYED__{name}", value)
    result = run()
    assert result.exit_code == 1
    assert "cannot be what it is (not shown): " in result.stderr
    assert not {"abc", "sesame", "31337"} & set(result.stderr.replace("'", " ").split())
