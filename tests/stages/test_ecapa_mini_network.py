"""The embedded model's network by itself."""

import copy

import pytest
import torch

from speaker_tracker_stages.ecapa_mini_network import EcapaMini

SMALL = {
    "channels": 32,
    "aggregate_channels": 48,
    "front_channels": 4,
    "se_channels": 8,
    "attention_channels": 8,
    "lin_neurons": 16,
}


@pytest.fixture(params=[0, 2], ids=["plain front", "deep front"])
def network(request):
    """Small, with normalizations that have seen something."""
    torch.manual_seed(0)
    network = EcapaMini(**SMALL, front_blocks=request.param)
    for _ in range(3):
        network(3 * torch.randn(8, 61, 80) + 1)
    return network.eval()


@pytest.mark.parametrize("frames", [26, 70, 151, 300])
def test_windows_of_any_length_become_one_vector_each(network, frames):
    assert network(torch.randn(3, frames, 80)).shape == (3, 1, 16)


def test_a_window_is_embedded_alike_alone_and_among_others(network):
    windows = torch.randn(4, 101, 80)

    torch.testing.assert_close(network(windows)[2:3], network(windows[2:3]), atol=1e-5, rtol=1e-4)


def test_what_lies_behind_a_window_has_no_effect(network):
    windows, frames = torch.randn(4, 151, 80), [151, 150, 88, 27]
    together = network(windows, torch.tensor(frames) / 151)

    for row, (window, length) in enumerate(zip(windows, frames, strict=True)):
        torch.testing.assert_close(together[row : row + 1], network(window[None, :length]), atol=1e-5, rtol=1e-4)


def test_folding_changes_the_time_and_not_the_answer(network):
    folded = copy.deepcopy(network)
    folded.fold()

    windows = torch.randn(2, 151, 80)
    torch.testing.assert_close(folded(windows), network(windows), atol=1e-4, rtol=1e-3)
    kinds = [type(module).__name__ for module in folded.modules()]
    assert "Norm" not in kinds
    assert "BatchNorm2d" not in kinds


def test_every_weight_learns(network):
    network.train()
    network(torch.randn(4, 80, 80)).square().sum().backward()

    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in network.parameters())


def test_a_window_of_nothing_is_embedded_finitely(network):
    assert network(torch.zeros(1, 26, 80)).isfinite().all()
