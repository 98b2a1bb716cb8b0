import hashlib

import pytest
import torch

from speaker_tracker_plugins.campplus_embedding.network import Contexts

NAMES_AND_SHAPES = "2958fda68cb1e0e2e3515bcf89a06763a46fd96b97691d79b088322ebaa07900"
"""Digest of the sorted names and shapes in the published weights."""


def test_names_and_shapes_of_its_weights_are_the_published_ones(random_network):
    state = random_network.state_dict()
    lines = "\n".join(f"{name} {tuple(value.shape)}" for name, value in sorted(state.items()))

    assert len(state) == 937
    assert "xvector.block2.tdnnd24.cam_layer.linear_local.weight (32, 128, 3)" in lines
    assert "xvector.dense.linear.weight (192, 1024, 1)" in lines
    assert hashlib.sha256(lines.encode()).hexdigest() == NAMES_AND_SHAPES


@pytest.mark.parametrize("frames", [3, 23, 148, 498])
def test_features_of_any_length_become_an_embedding(random_network, frames):
    with torch.inference_mode():
        embeddings = random_network(torch.randn(2, frames, 80))

    assert embeddings.shape == (2, 192)
    assert embeddings.isfinite().all()


def test_windows_in_one_call_do_not_change_each_other(random_network):
    features = torch.randn(3, 100, 80)
    with torch.inference_mode():
        together = random_network(features)
        alone = torch.cat([random_network(one[None]) for one in features])

    assert torch.allclose(together, alone, atol=1e-4)


def test_embeddings_are_not_cut_off_at_zero(random_network):
    with torch.inference_mode():
        assert (random_network(torch.randn(4, 100, 80)) < 0).any()


def test_a_context_is_the_mean_of_all_frames_plus_that_of_the_segment_which_may_be_short_at_the_end():
    x = torch.randn(2, 5, 230)
    contexts = Contexts.of(x)
    means = [x.mean(2) + x[:, :, start : start + 100].mean(2) for start in (0, 100, 200)]

    assert torch.allclose(x @ contexts.pooling, torch.stack(means, 2), atol=1e-5)
    assert contexts.segment.bincount().tolist() == [100, 100, 30]
