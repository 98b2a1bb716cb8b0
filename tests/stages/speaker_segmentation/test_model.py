import numpy as np
import pytest
import torch

from speaker_tracker_stages.speaker_segmentation.features import log_mel
from speaker_tracker_stages.speaker_segmentation.model import (
    CHUNK,
    CONTEXT,
    LATENESS,
    ONNX_WEIGHTS,
    STATE_SHAPES,
    TORCH_WEIGHTS,
    SegmentationModel,
    SegmentationQuery,
    embedded,
    initial_state,
)
from speaker_tracker_stages.speaker_segmentation.network import DELAY, SegmentationMini, SegmentationState
from speaker_tracker_stages.speaker_segmentation.network import initial_state as network_state
from speaker_tracker_stages.speaker_segmentation.network import probabilities as network_probabilities
from speaker_tracker_stages.speaker_segmentation.onnx_backend import STATE_NAMES, onnx_network
from speaker_tracker_stages.speaker_segmentation.torch_backend import torch_network

BACKENDS = {"torch": torch_network, "onnx": onnx_network}


@pytest.fixture(scope="module")
def models():
    return {name: SegmentationModel(network()) for name, network in BACKENDS.items()}


def query(samples, state=None, audible=None):
    """Chunks of audio behind silence."""
    chunks = len(samples) // CHUNK
    stream = np.concatenate([np.zeros(CONTEXT, np.float32), samples[: chunks * CHUNK]])
    return SegmentationQuery(stream, np.ones(chunks, bool) if audible is None else audible, state or initial_state())


@pytest.fixture(scope="module")
def speech(dialogue):
    return dialogue.samples[: 40 * CHUNK]


@pytest.mark.parametrize("backend", BACKENDS)
def test_all_at_once_is_what_the_network_says(models, speech, backend):
    network = SegmentationMini().eval()
    network.load_state_dict(torch.load(embedded(TORCH_WEIGHTS), weights_only=True))
    features = torch.from_numpy(log_mel(query(speech).samples))[None]
    with torch.inference_mode():
        logits, _ = network(features, network_state(1))
        expected = network_probabilities(logits)[0].numpy()

    (scores,) = models[backend].infer([query(speech)])

    assert np.allclose(scores.probabilities, expected, atol=1e-3)
    assert np.allclose(scores.probabilities[:, :3].sum(1), 1, atol=1e-5)


@pytest.mark.parametrize("backend", BACKENDS)
def test_sessions_heard_together_are_heard_as_each_alone(models, speech, backend):
    queries = [query(speech), query(speech[3 * CHUNK :]), query(speech[:CHUNK]), query(speech[:CHUNK] / 10)]
    together = models[backend].infer(queries)

    for one, scores in zip(queries, together, strict=True):
        (alone,) = models[backend].infer([one])
        assert np.allclose(scores.probabilities, alone.probabilities, atol=1e-4)
        assert all(np.allclose(first, second, atol=1e-3) for first, second in zip(scores.state, alone.state, strict=True))


def test_chunk_by_chunk_is_as_all_at_once(models, speech):
    (whole,) = models["torch"].infer([query(speech)])
    stream, state, said = query(speech).samples, initial_state(), []
    for number in range(40):
        part = stream[number * CHUNK : (number + 1) * CHUNK + CONTEXT]
        (scores,) = models["torch"].infer([SegmentationQuery(part, np.ones(1, bool), state)])
        state = scores.state
        said.append(scores.probabilities)

    assert np.allclose(np.concatenate(said), whole.probabilities, atol=1e-3)


def test_what_is_muted_is_silence_and_is_forgotten(models, speech):
    audible = np.repeat([True, False], 20)
    (scores,) = models["torch"].infer([query(speech, audible=audible)])

    assert (scores.probabilities[len(scores.probabilities) // 2 :] == (1, 0, 0, 0)).all()
    assert all(np.array_equal(part, new) for part, new in zip(scores.state, initial_state(), strict=True))


def test_the_state_is_that_of_the_network():
    assert tuple(part.shape[1:] for part in network_state(1)) == STATE_SHAPES
    assert all(np.array_equal(mine, its[0]) for mine, its in zip(initial_state(), network_state(1), strict=True))
    assert LATENESS == DELAY
    assert SegmentationState._fields == STATE_NAMES


def test_the_weights_are_small():
    assert embedded(TORCH_WEIGHTS).stat().st_size < 1e6
    assert embedded(ONNX_WEIGHTS).stat().st_size < 1e6
