"""Windows of many sessions in calls of a network: what is padded, how many there are in a call, and who gets which embedding."""

import numpy as np
import pytest

from speaker_tracker.stagekit.speech_windows import Window
from speaker_tracker.stagekit.voice_encoder import BATCHES, LENGTH_STEP, FeatureMean, VoiceEncoder, VoiceQuery

BANDS = 3


class Network:
    """Features are the samples of each 10 ms; an embedding is their sum and number. Notes the shapes that it embeds."""

    def __init__(self):
        self.shapes = []

    def features(self, samples):
        frames = samples[:, : samples.shape[1] // 160 * 160].reshape(len(samples), -1, 160)
        return np.ascontiguousarray(frames[:, :, :BANDS])

    def normalized(self, features):
        return features

    def embed(self, features):
        return self.embed_padded(features, np.full(len(features), features.shape[1]))

    def embed_padded(self, features, lengths):
        self.shapes.append(features.shape[:2])
        assert all(not row[length:].any() for row, length in zip(features, lengths, strict=True))
        return np.stack([np.append(row.sum(axis=0), length) for row, length in zip(features, lengths, strict=True)])


def window(value, frames):
    samples = np.full(frames * 160, value, np.float32)
    return Window(0, 4000, 0, len(samples), len(samples), samples)


def expected(value, frames):
    vector = np.array([*[value * frames] * BANDS, frames], np.float32)
    return vector / np.linalg.norm(vector)


LENGTHS = [150, 87, 113, 150, 26, 99, 150]


@pytest.mark.parametrize("number", [1, 2, 5, 7])
@pytest.mark.parametrize("padded", [True, False])
def test_each_window_has_its_own_embedding_whatever_the_others_are(number, padded):
    network = Network()
    encoder = VoiceEncoder(network, network.embed_padded if padded else None)
    lengths = LENGTHS[:number]
    queries = [VoiceQuery([window(value, frames)], None) for value, frames in enumerate(lengths, 1)]

    answers = encoder.infer(queries)

    for value, (frames, answer) in enumerate(zip(lengths, answers, strict=True), 1):
        np.testing.assert_allclose(answer.vectors[0], expected(value, frames), rtol=1e-5)


def test_calls_have_few_shapes_so_that_the_network_keeps_few():
    network = Network()
    encoder = VoiceEncoder(network, network.embed_padded)
    random = np.random.default_rng(0)
    for _ in range(100):
        lengths = random.integers(26, 151, random.integers(1, 40))
        encoder.infer([VoiceQuery([window(1, int(frames))], None) for frames in lengths])

    numbers, frames = ({shape[axis] for shape in network.shapes} for axis in (0, 1))
    assert numbers <= set(BATCHES)
    assert all(each % LENGTH_STEP == 1 for each in frames)
    assert len(set(network.shapes)) < len(BATCHES) + 3 * 6


def test_windows_of_one_length_are_padded_only_where_the_network_can_tell():
    network = Network()
    VoiceEncoder(network).infer([VoiceQuery([window(1, 90), window(2, 90), window(3, 60)], None)])

    assert sorted(network.shapes) == [(1, 60), (2, 90)]


def test_the_mean_of_a_session_goes_on_from_window_to_window():
    encoder = VoiceEncoder(Network(), Network().embed_padded)
    together = encoder.infer([VoiceQuery([window(1, 100), window(3, 100)], FeatureMean())])[0]
    first = encoder.infer([VoiceQuery([window(1, 100)], FeatureMean())])[0]
    second = encoder.infer([VoiceQuery([window(3, 100)], first.mean)])[0]

    np.testing.assert_allclose(together.vectors, [*first.vectors, *second.vectors], rtol=1e-5)
    np.testing.assert_allclose(together.mean.total, second.mean.total)
