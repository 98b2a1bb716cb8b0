import numpy as np
import pytest

from speaker_tracker_plugins.pyannote_segmentation.model import SegmentationModel, Window
from speaker_tracker_plugins.pyannote_segmentation.powerset import FRAME, WINDOW


class LevelNetwork:
    """Says that one speaks where it is loud; counts the windows of each call."""

    def __init__(self):
        self.calls = []

    def __call__(self, windows):
        self.calls.append(len(windows))
        said = np.zeros((len(windows), 589, 7), np.float32)
        place = np.linspace(0, WINDOW - 1, 589).astype(int)
        said[..., 1] = np.abs(windows[:, place])
        said[..., 0] = 1 - said[..., 1]
        return said


@pytest.fixture
def network():
    return LevelNetwork()


@pytest.fixture
def model(network):
    made = SegmentationModel(network)
    network.calls.clear()
    return made


def level(seconds, loudness):
    return np.full(round(seconds * 16_000), loudness, np.float32)


def test_each_query_has_the_frames_that_its_windows_are_to_decide(model):
    first, second = model.infer(
        [
            [Window(level(10, 0.2), 100, 150, audible=True), Window(level(10, 0.4), 450, 460, audible=True)],
            [Window(level(10, 0.6), 0, 500, audible=True)],
        ]
    )

    np.testing.assert_allclose(first[:, 1], [0.2] * 50 + [0.4] * 10, atol=1e-6)
    np.testing.assert_allclose(second[:, 1], [0.6] * 500, atol=1e-6)


def test_windows_of_all_queries_are_heard_together_a_few_at_a_time(model, network):
    model.infer([[Window(level(10, 0.5), 0, 25, audible=True)] * 3 for _ in range(3)])

    assert network.calls == [4, 4, 1]


def test_what_a_short_window_has_is_heard_again_until_it_is_full(model):
    samples = np.concatenate([level(2, 0.5), level(2, 0.1)])
    (said,) = model.infer([[Window(samples, 0, 500, audible=True)]])

    loud = said[:, 1] > 0.3
    assert loud[[50, 90, 210, 290, 410, 490]].all()
    assert not loud[[110, 190, 310, 390]].any()
    assert WINDOW == 500 * FRAME


def test_what_cannot_be_heard_is_silence_and_costs_nothing(model, network):
    (said,) = model.infer([[Window(level(10, 0.0), 400, 425, audible=False)]])

    assert said.tolist() == [[1, 0, 0, 0]] * 25
    assert network.calls == []


def test_nothing_to_decide_costs_nothing(model, network):
    none, empty = model.infer([[], [Window(level(0.5, 0.5), 0, 0, audible=True)]])

    assert none.shape == empty.shape == (0, 4)
    assert network.calls == []
