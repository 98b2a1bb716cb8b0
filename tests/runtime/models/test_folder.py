"""What the files of a model folder say of the model, and what is said of folders that are none."""

import json
from pathlib import Path

import pytest

from speaker_tracker.models.folder import ModelError, folder_bytes, read_folder

PLAIN = """
embedding_model: !new:speechbrain.lobes.models.ECAPA_TDNN.ECAPA_TDNN
    input_size: 80
    lin_neurons: 96
pretrainer: !new:speechbrain.utils.parameter_transfer.Pretrainer
    loadables:
        embedding_model: !ref <embedding_model>
"""
HUB = """
pretrained_path: someone/some-model
embedding_model: !new:speechbrain.lobes.models.ECAPA_TDNN.ECAPA_TDNN
label_encoder: !new:speechbrain.dataio.encoder.CategoricalEncoder
pretrainer: !new:speechbrain.utils.parameter_transfer.Pretrainer
    loadables:
        embedding_model: !ref <embedding_model>
        label_encoder: !ref <label_encoder>
    paths:
        label_encoder: !ref <pretrained_path>/label_encoder.txt
"""


@pytest.fixture
def make_folder(tmp_path):
    def make(hyperparams=PLAIN, **files: str) -> Path:
        folder = tmp_path / "my-voices"
        folder.mkdir()
        (folder / "hyperparams.yaml").write_text(hyperparams)
        (folder / "embedding_model.ckpt").write_bytes(b"weights")
        for name, text in files.items():
            (folder / name.replace("__", ".")).write_text(text)
        return folder

    return make


def test_a_folder_without_calibration_gets_speechbrains_threshold_and_its_own_name(make_folder):
    folder = read_folder(make_folder())
    assert folder.name == folder.model.name == "my-voices"
    assert folder.model.same_voice_cosine == 0.25
    assert folder.model.dimension == 96


def test_the_dimension_is_that_of_speechbrains_ecapa_unless_the_hyperparameters_say_otherwise(make_folder):
    assert read_folder(make_folder(HUB, label_encoder__txt="'a' => 0\n")).model.dimension == 192


def test_calibration_comes_with_the_folder(make_folder):
    calibration = {"name": "mine", "dimension": 12, "same_voice_cosine": 0.4, "calibrated_seconds": 2}
    model = read_folder(make_folder(calibration__json=json.dumps(calibration))).model
    assert (model.name, model.dimension, model.same_voice_cosine, model.calibrated_seconds) == ("mine", 12, 0.4, 2.0)


@pytest.mark.parametrize(
    "calibration", ["{", "[]", '{"same_voice_cosine": 1.5}', '{"same_voice_cosine": "0.4"}', '{"dimension": true}']
)
def test_a_calibration_that_cannot_be_is_named(make_folder, calibration):
    with pytest.raises(ModelError, match=r"calibration\.json"):
        read_folder(make_folder(calibration__json=calibration))


def test_every_file_that_the_hyperparameters_name_must_be_there(make_folder):
    with pytest.raises(ModelError, match=r"lacks label_encoder\.txt"):
        read_folder(make_folder(HUB))


def test_an_empty_weight_file_counts_as_missing(make_folder):
    folder = make_folder()
    (folder / "embedding_model.ckpt").write_bytes(b"")
    with pytest.raises(ModelError, match=r"lacks embedding_model\.ckpt"):
        read_folder(folder)


@pytest.mark.parametrize("hyperparams", ["", "- a\n- b\n", "a: [", "n_mels: 80\n", "pretrainer: !ref <x>\n", "\0"])
def test_hyperparameters_without_weights_are_reported_in_one_sentence(make_folder, hyperparams):
    with pytest.raises(ModelError, match=r"hyperparams\.yaml") as caught:
        read_folder(make_folder(hyperparams))
    assert "\n" not in str(caught.value)


def test_a_folder_without_hyperparameters_is_no_model_folder(tmp_path):
    with pytest.raises(ModelError, match="is no model folder"):
        read_folder(tmp_path)


def test_a_file_is_no_model_folder(tmp_path):
    file = tmp_path / "x.ckpt"
    file.write_bytes(b"x")
    with pytest.raises(ModelError, match="is no folder"):
        read_folder(file)


def test_a_folder_that_cannot_be_looked_into_holds_nothing(tmp_path):
    assert folder_bytes(tmp_path / (300 * "a")) == 0
