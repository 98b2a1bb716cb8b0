"""The network of ``segmentation-mini`` and its features."""

import numpy as np
import pytest
import torch

from speaker_tracker_stages.speaker_segmentation.features import HOP, WINDOW, log_mel
from speaker_tracker_stages.speaker_segmentation.network import (
    DELAY,
    SegmentationMini,
    SegmentationState,
    initial_state,
    probabilities,
)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return SegmentationMini().eval().requires_grad_(False)


def sound(seconds, seed=0):
    return np.random.default_rng(seed).normal(0, 0.05, round(seconds * 16000)).astype(np.float32)


def heard(samples):
    features = log_mel(samples)
    return torch.from_numpy(features[: len(features) // 2 * 2])[None]


def test_the_network_has_less_than_a_megabyte(network):
    assert sum(one.numel() * 4 for one in network.parameters()) < 1e6


def test_chunks_give_what_one_pass_gives(network):
    features = heard(sound(3))
    whole, _ = network(features, initial_state(1))

    state, parts = initial_state(1), []
    for chunk in torch.split(features, [2, 10, 50, 4, features.shape[1] - 66], dim=1):
        logits, state = network(chunk, state)
        parts.append(logits)

    torch.testing.assert_close(torch.cat(parts, 1), whole, rtol=0, atol=1e-5)


def test_sessions_side_by_side_do_not_disturb_each_other(network):
    features = torch.cat([heard(sound(2, seed)) for seed in range(3)])
    together, state = network(features, initial_state(3))

    for row in range(3):
        alone, own = network(features[row : row + 1], initial_state(1))
        torch.testing.assert_close(together[row : row + 1], alone, rtol=0, atol=1e-5)
        torch.testing.assert_close(SegmentationState(*(part[row : row + 1] for part in state)), own, rtol=1e-5, atol=1e-5)


def test_the_output_knows_nothing_of_what_lies_beyond_the_look_ahead(network):
    samples = sound(3)
    changed = samples.copy()
    changed[2 * 16000 :] = sound(1, seed=1)
    before, after = (network(heard(one), initial_state(1))[0][0] for one in (samples, changed))

    first = int((before != after).any(1).nonzero()[0])

    # The frame that this output belongs to ends so much before the change.
    assert 2.0 - (first - DELAY + 1) / 50 < 0.5
    assert first - DELAY >= 2.0 * 50 - 25


def test_probabilities_add_up(network):
    logits, _ = network(heard(sound(1)), initial_state(1))
    shares = probabilities(logits)

    torch.testing.assert_close(shares[..., :3].sum(-1), torch.ones(shares.shape[:2]))
    assert ((shares >= 0) & (shares <= 1)).all()


def test_loudness_of_the_recording_does_not_matter(network):
    loud, quiet = (network(heard(sound(2) * gain), initial_state(1))[0] for gain in (4.0, 0.25))

    torch.testing.assert_close(loud, quiet, rtol=0, atol=0.05)


def test_features_of_chunks_are_those_of_the_whole():
    samples = sound(1)
    whole = log_mel(samples)

    first, rest = log_mel(samples[: 20 * HOP + WINDOW - HOP]), log_mel(samples[20 * HOP :])

    np.testing.assert_allclose(np.concatenate([first, rest]), whole, atol=1e-5)


def test_each_band_hears_its_own_tone():
    time = np.arange(16000) / 16000
    low, high = (log_mel(np.sin(2 * np.pi * hertz * time).astype(np.float32))[10].argmax() for hertz in (200, 3000))

    assert low < high
    assert log_mel(np.zeros(400, np.float32)).shape == (0, 80)
