"""``calibration.json``: what is written is read, what cannot be is named."""

import json
from dataclasses import replace

import pytest

from speaker_tracker.events import VoiceCalibration, VoiceModel
from speaker_tracker.models import ModelError
from speaker_tracker.models.calibration import CALIBRATION, read_model, write_model

MODEL = VoiceModel(
    "mine",
    12,
    same_voice_cosine=0.4,
    calibrated_seconds=2.0,
    version=4,
    calibration=VoiceCalibration(0.4, 0.35, 0.25, 0.03, 0.05, 30.0, ((0.5, 0.3), (2.0, 1.0)), 0.07, "ten people"),
)


def read(folder):
    return read_model(folder, name="other", dimension=1, same_voice_cosine=0.1, calibrated_seconds=1.0)


@pytest.mark.parametrize("model", [MODEL, replace(MODEL, calibration=None)], ids=["calibrated", "not calibrated"])
def test_what_is_written_is_read(tmp_path, model):
    write_model(model, tmp_path / CALIBRATION)
    assert read(tmp_path) == model


def test_without_a_file_the_given_values_hold(tmp_path):
    assert read(tmp_path) == VoiceModel("other", 1, 0.1, 1.0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model_version": 0}, "model_version cannot be 0"),
        ({"version": 3}, "version cannot be 3"),
        ({"within_variance": 0.9}, "add up to 1.500 instead of 1"),
        ({"effective_dimension": 0}, "effective_dimension cannot be 0"),
        ({"style_variance": "small"}, "style_variance cannot be 'small'"),
        ({"measured_on": None}, "measured_on cannot be None"),
        ({"evidence_by_seconds": [[1.0, 1.0], [0.5, 0.3]]}, "evidence_by_seconds must be in order of seconds"),
        ({"evidence_by_seconds": []}, r"evidence_by_seconds cannot be \[\]"),
        ({"name": ""}, "name cannot be ''"),
        ({"dimension": True}, "dimension cannot be True"),
    ],
)
def test_a_figure_that_cannot_be_is_named_with_the_file(tmp_path, change, said):
    write_model(MODEL, tmp_path / CALIBRATION)
    document = json.loads((tmp_path / CALIBRATION).read_text())
    (tmp_path / CALIBRATION).write_text(json.dumps({**document, **change}))
    with pytest.raises(ModelError, match=f"{CALIBRATION}: .*{said}.*models calibrate"):
        read(tmp_path)


def test_a_figure_that_lacks_is_named(tmp_path):
    write_model(MODEL, tmp_path / CALIBRATION)
    document = json.loads((tmp_path / CALIBRATION).read_text())
    del document["channel_variance"]
    (tmp_path / CALIBRATION).write_text(json.dumps(document))
    with pytest.raises(ModelError, match="channel_variance"):
        read(tmp_path)


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"nowhere.*cannot be written"):
        write_model(MODEL, tmp_path / "nowhere" / CALIBRATION)
