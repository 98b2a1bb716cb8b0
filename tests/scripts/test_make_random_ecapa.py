import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from speaker_tracker.models import resolve
from speaker_tracker.models.catalogue import HUB_FILES, HUB_MODEL
from speaker_tracker_stages.speechbrain_embedding.encoder import load_encoder
from speaker_tracker_stages.speechbrain_embedding.network import SpeechBrainNetwork

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_model_is_of_the_size_of_the_hub_s_and_can_be_loaded(tmp_path):
    folder = tmp_path / "ecapa"
    subprocess.run([sys.executable, str(ROOT / "scripts" / "make_random_ecapa.py"), str(folder)], check=True, capture_output=True)
    assert set(HUB_FILES) < {path.name for path in folder.iterdir()}

    found = resolve(str(folder), None)
    assert found.model.calibration == HUB_MODEL.calibration
    encoder = load_encoder(found.path)
    assert sum(each.numel() for each in encoder.mods.embedding_model.parameters()) == pytest.approx(20.8e6, rel=0.01)
    network = SpeechBrainNetwork(encoder)
    assert network.normalizes_by_mean
    features = network.normalized(network.features(np.random.default_rng(0).normal(0, 0.1, (1, 24_000)).astype(np.float32))[0])
    assert network.embed(features[np.newaxis]).shape == (1, HUB_MODEL.dimension)
