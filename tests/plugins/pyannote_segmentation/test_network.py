import torch

from speaker_tracker_plugins.pyannote_segmentation.network import renamed

SECOND = 16_000


def test_a_window_becomes_the_probabilities_of_sets_of_speakers(random_network):
    said = random_network(torch.randn(2, 10 * SECOND) * 0.05)

    assert said.shape == (2, 589, 7)
    torch.testing.assert_close(said.sum(-1), torch.ones(2, 589))


def test_windows_in_one_call_do_not_change_each_other(random_network):
    windows = torch.randn(3, 10 * SECOND) * 0.05
    together = random_network(windows)
    alone = torch.cat([random_network(one[None]) for one in windows])

    torch.testing.assert_close(together, alone, rtol=0, atol=1e-4)


def test_loudness_does_not_matter(random_network):
    window = torch.randn(1, 10 * SECOND)

    torch.testing.assert_close(random_network(window), random_network(window * 0.1), rtol=0, atol=0.01)


def test_a_filter_lets_its_own_band_through(random_network):
    filters = random_network.filters()[:40, 0]
    power = torch.fft.rfft(filters, 8 * SECOND).abs()
    loudest = power.argmax(1) / 8
    low = 50 + random_network.low[:, 0]

    assert filters.shape == (40, 251)
    assert ((loudest > low - 50) & (loudest < low + 250)).all()


def test_weights_by_their_published_names_are_those_of_the_network(random_network, random_weights):
    published = torch.load(random_weights, weights_only=True)["state_dict"]
    own = renamed(published)

    assert len(published) == 54
    assert published["sincnet.conv1d.1.weight"].shape == (60, 80, 5)
    assert own.keys() == random_network.state_dict().keys()
    assert all(torch.equal(own[name], value) for name, value in random_network.state_dict().items())
