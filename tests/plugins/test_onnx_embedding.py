import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from speaker_tracker.events import AudioBlock, SpeechAudio, SpeechEnded, SpeechStarted, VoiceEmbedding
from speaker_tracker.models.exported import exported_folder
from speaker_tracker.stage import StageLoadError
from support.known_conversation import DATA, read_conversation
from support.stage_harness import blocks, load, of_type, open_stage, run

pytestmark = pytest.mark.slow

CHAIN = "frame_decoder,silero_vad,onnx_embedding,kmeans_assigner,timing_aggregator,reporter"
FORBIDDEN = ("torch", "torchaudio", "speechbrain", "huggingface_hub")


@pytest.fixture(scope="module")
def segment():
    """Eight seconds of a dialogue as the detector would hand them on."""
    samples = read_conversation(DATA / "dialogue.flac", DATA / "dialogue.rttm").samples[16_000 : 9 * 16_000]
    audio = [SpeechAudio(block.start, block.samples) for block in of_type(AudioBlock, blocks(samples, 512))]
    return [SpeechStarted(0), *audio, SpeechEnded(len(samples))]


def embedded(segment, name, **options):
    found = of_type(VoiceEmbedding, run(open_stage(load(name, **options)), segment))
    return found, np.stack([event.vector for event in found])


@pytest.mark.parametrize(("precision", "least"), [("float32", 0.999), ("int8", 0.99)])
@pytest.mark.parametrize("normalization", ["session", "window"])
def test_embeddings_are_those_of_the_original(exported_cache, segment, precision, least, normalization):
    original, expected = embedded(segment, "speechbrain_embedding", source="embedded", normalization=normalization)
    found, vectors = embedded(
        segment, "onnx_embedding", model_cache=exported_cache, precision=precision, normalization=normalization
    )

    assert [(event.start, event.heard_end) for event in found] == [(event.start, event.heard_end) for event in original]
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert (vectors * expected).sum(axis=1).min() > least
    assert found[0].model.same_voice_cosine == original[0].model.same_voice_cosine


def test_what_is_in_use_is_told(exported_cache):
    assert load("onnx_embedding", model_cache=exported_cache, precision="int8").info == {
        "model": "ecapa-mini-int8",
        "source": str(exported_folder(exported_cache, "ecapa-mini")),
        "precision": "int8",
    }


def test_a_model_that_was_not_exported_is_told_with_the_command_that_does(tmp_path):
    with pytest.raises(StageLoadError, match=r"no model has been exported.*`speaker-tracker models export`"):
        load("onnx_embedding", model_cache=tmp_path)


def test_without_the_extra_its_name_is_told(exported_cache, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    with pytest.raises(StageLoadError, match=r"onnxruntime, which is not installed; run: pip install 'speaker-tracker\[onnx\]'"):
        load("onnx_embedding", model_cache=exported_cache)


def test_a_network_that_is_none_is_named(exported_cache, tmp_path):
    folder = shutil.copytree(exported_folder(exported_cache, "ecapa-mini"), tmp_path / "model")
    (folder / "network.onnx").write_bytes(b"no network")

    with pytest.raises(StageLoadError, match=r"network.onnx cannot be loaded by ONNX Runtime"):
        load("onnx_embedding", source=str(folder))


def test_no_pytorch_is_imported_at_serving_time(exported_cache):
    script = f"""
import sys
class Forbidden:
    def find_spec(self, name, *_):
        if name in {FORBIDDEN}:
            raise ImportError(name + " is not to be imported")
sys.meta_path.insert(0, Forbidden())
from speaker_tracker.cli.main import main
main(["diarize", {str(DATA / "dialogue.flac")!r}, "--json"], standalone_mode=False)
sys.exit("silero_vad" in sys.modules)  # it imports PyTorch
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SPEAKER_TRACKER_")} | {
        "SPEAKER_TRACKER_STAGES": CHAIN,
        "SPEAKER_TRACKER_STAGE_OPTIONS__SILERO_VAD__BACKEND": "onnx",
        "SPEAKER_TRACKER_MODEL_CACHE": str(exported_cache),
    }
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["speakers"]) == 2
