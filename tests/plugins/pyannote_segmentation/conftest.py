"""Weights for segmentation-3.0: random ones, in the layout of the published ones."""

import hashlib

import pytest
import torch

from speaker_tracker.models import pyannote_segmentation
from speaker_tracker.models.pyannote_segmentation import WEIGHTS
from speaker_tracker_plugins.pyannote_segmentation.network import FILTERBANK, SegmentationNetwork


def as_published(network):
    """The network's weights by the names that the published ones have, and the constants beside them."""
    published = {f"sincnet.{FILTERBANK}window_": torch.zeros(125), f"sincnet.{FILTERBANK}n_": torch.zeros(1, 125)}
    for name, value in network.state_dict().items():
        if name in ("low", "band"):
            published[f"sincnet.{FILTERBANK}{name}_hz_"] = value
        elif name.startswith("conv1d."):
            _, number, kind = name.split(".")
            published[f"sincnet.conv1d.{int(number) + 1}.{kind}"] = value
        else:
            published[f"sincnet.{name}" if "norm1d" in name else name] = value
    return published


@pytest.fixture(scope="session")
def random_network():
    """The network with weights that are the same every time, on one thread as when it serves."""
    torch.set_num_threads(1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = SegmentationNetwork().eval().requires_grad_(requires_grad=False)
        network.low[:, 0] = torch.linspace(0, 7000, len(network.low))
        network.band[:] = 100.0
        return network


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Writes a document to a file that stands for the published one."""

    def write(document):
        file = tmp_path / WEIGHTS
        torch.save(document, file)
        monkeypatch.setattr(pyannote_segmentation, "WEIGHTS_SHA256", hashlib.sha256(file.read_bytes()).hexdigest())
        return file

    return write


@pytest.fixture
def random_weights(random_network, stand_in):
    """A file of random weights that stands for the published one."""
    return stand_in({"state_dict": as_published(random_network)})
