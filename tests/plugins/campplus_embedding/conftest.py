"""Weights for CAM++: random ones, and the published ones."""

import hashlib

import pytest
import torch

from speaker_tracker.models import campplus
from speaker_tracker.models.campplus import WEIGHTS
from speaker_tracker_plugins.campplus_embedding.network import CamPlusPlus


@pytest.fixture(scope="session")
def random_network():
    """The network with weights that are the same every time, on one thread as when it serves."""
    torch.set_num_threads(1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return CamPlusPlus().eval()


@pytest.fixture
def random_weights(random_network, tmp_path, monkeypatch):
    """A file of them that stands for the published one."""
    file = tmp_path / WEIGHTS
    torch.save(random_network.state_dict(), file)
    monkeypatch.setattr(campplus, "WEIGHTS_SHA256", hashlib.sha256(file.read_bytes()).hexdigest())
    return file
