"""Loading of the published file: whole, and without running anything in it."""

import pickle
import sys
from enum import Enum
from types import ModuleType

import pytest
import torch

from speaker_tracker.models import ModelError
from speaker_tracker_plugins.pyannote_segmentation.torch_backend import load_network

TASK = "pyannote.audio.core.task"


class Problem(Enum):
    MONO_LABEL_CLASSIFICATION = 1


class Specifications:
    def __init__(self):
        self.problem = Problem.MONO_LABEL_CLASSIFICATION
        self.duration = 10.0


class RunsCode:
    def __reduce__(self):
        return exec, ("raise AssertionError('it was run')",)


@pytest.fixture
def _classes_of_pyannote(monkeypatch):
    """What stands beside the weights in the published file, pickled by the names of pyannote.audio."""
    module = ModuleType(TASK)
    for kind in (Problem, Specifications):
        monkeypatch.setattr(kind, "__module__", TASK)
        setattr(module, kind.__name__, kind)
    monkeypatch.setitem(sys.modules, TASK, module)


def same(network, other):
    return all(torch.equal(value, other.state_dict()[name]) for name, value in network.state_dict().items())


def test_weights_are_loaded(random_network, random_weights):
    assert same(load_network(random_weights), random_network)


@pytest.mark.usefixtures("_classes_of_pyannote")
def test_objects_of_pyannote_beside_the_weights_are_left_out(random_network, random_weights, stand_in, monkeypatch):
    state = torch.load(random_weights, weights_only=True)["state_dict"]
    file = stand_in({"state_dict": state, "pyannote.audio": {"specifications": Specifications()}})
    monkeypatch.delitem(sys.modules, TASK)

    assert same(load_network(file), random_network)


def test_other_objects_are_refused_and_not_run(random_weights, stand_in):
    state = torch.load(random_weights, weights_only=True)["state_dict"]
    file = stand_in({"state_dict": state, "more": RunsCode()})

    with pytest.raises(ModelError, match=r"does not hold the weights of pyannote/segmentation-3\.0"):
        load_network(file)
    with pytest.raises(AssertionError, match="it was run"):  # as it would be if the file were trusted
        torch.load(file, weights_only=False)


@pytest.mark.parametrize("document", [{"state_dict": {}}, {"weights": {}}, {"state_dict": {"linear.0.bias": torch.zeros(1)}}])
def test_weights_of_another_network_are_named(stand_in, document):
    with pytest.raises(ModelError, match=r"does not hold the weights of pyannote/segmentation-3\.0"):
        load_network(stand_in(document))


def test_a_file_with_another_digest_is_not_opened(random_weights, monkeypatch):
    random_weights.write_bytes(pickle.dumps(RunsCode()))
    monkeypatch.setattr(torch, "load", None)

    with pytest.raises(ModelError, match="does not hold the published weights"):
        load_network(random_weights)
