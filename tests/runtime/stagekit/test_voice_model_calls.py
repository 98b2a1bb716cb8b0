import numpy as np
import pytest

from speaker_tracker.events import VoiceModel
from speaker_tracker.stagekit import FeatureMean, VoiceQuery, VoiceVectors, Window, WindowEmbeddingOptions
from speaker_tracker.stagekit.voice_model_calls import (
    MOST_WINDOWS,
    PIECE_BYTES,
    ModelReplaced,
    VoiceModelDescription,
    in_calls,
    pack_queries,
    pack_vectors,
    unpack_queries,
    unpack_vectors,
)

RANDOM = np.random.default_rng(0)


def window(start, samples):
    return Window(start, start + 4000, start, start + len(samples), 4000, samples.astype(np.float32))


def decoded(length):
    """Samples as they are decoded from 16 bits, full scale among them."""
    return np.append(RANDOM.integers(-(1 << 15), 1 << 15, length - 2), [-(1 << 15), (1 << 15) - 1]) / (1 << 15)


def floats(length):
    return RANDOM.normal(0, 0.1, length)


def queries(samples):
    return [
        VoiceQuery([window(0, samples(24_000)), window(4000, samples(24_000))], FeatureMean(np.ones(3, np.float32), 7)),
        VoiceQuery([window(8000, samples(123))], None),
    ]


def assert_equal(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.mean is other.mean
        for mine, yours in zip(one.windows, other.windows, strict=True):
            fields = ("start", "end", "heard_start", "heard_end", "fresh")
            assert [getattr(mine, name) for name in fields] == [getattr(yours, name) for name in fields]
            assert mine.samples.dtype == np.float32
            assert np.array_equal(mine.samples, yours.samples)


@pytest.mark.parametrize(("samples", "width"), [(decoded, 2), (floats, 4)])
def test_queries_come_out_as_they_went_in_and_audio_of_16_bits_takes_16_bits(samples, width):
    asked = queries(samples)
    packed, pieces = pack_queries(asked)
    assert packed.counts == (2, 1)
    assert sum(map(len, pieces)) == width * (2 * 24_000 + 123)
    assert all(len(piece) <= PIECE_BYTES for piece in pieces)
    assert_equal(unpack_queries(packed, pieces), asked)


def test_audio_that_does_not_fit_is_told():
    packed, pieces = pack_queries(queries(decoded))
    with pytest.raises(ValueError, match="48123 samples"):
        unpack_queries(packed, pieces[:-1])


def test_nothing_asked_is_nothing_packed():
    packed, pieces = pack_queries([])
    assert pieces == []
    assert unpack_queries(packed, pieces) == []


def test_vectors_come_out_as_they_went_in():
    vectors = [RANDOM.normal(size=4).astype(np.float32) for _ in range(3)]
    answers = [VoiceVectors(vectors[:2], FeatureMean()), VoiceVectors(vectors[2:], None)]
    found = unpack_vectors(pack_vectors(answers), [2, 1])
    assert [len(answer.vectors) for answer in found] == [2, 1]
    assert np.array_equal([vector for answer in found for vector in answer.vectors], vectors)
    assert found[0].mean is answers[0].mean
    assert found[1].mean is None


def test_calls_are_full_and_keep_the_order():
    asked = [VoiceQuery([window(number, np.zeros(9)) for number in range(count)], None) for count in (1, 70, 0, 5)]
    calls = list(in_calls(asked))
    assert [sum(len(windows) for _, windows in call) for call in calls] == [MOST_WINDOWS, MOST_WINDOWS, 76 - 2 * MOST_WINDOWS]
    assert [number for call in calls for number, _ in call] == [0, 1, 1, 1, 3]
    assert [each.start for call in calls for number, windows in call if number == 1 for each in windows] == list(range(70))


def test_another_model_is_refused_with_both_names():
    model = VoiceModel("ecapa-mini", 192, 0.3, 1.5)
    here = VoiceModelDescription(model, WindowEmbeddingOptions(), {})
    here.check(VoiceModelDescription(model, WindowEmbeddingOptions(hop_ms=100), {"source": "elsewhere"}).identity)
    other = VoiceModelDescription(VoiceModel("ecapa-mini", 192, 0.3, 1.5, version=2), WindowEmbeddingOptions(), {})
    with pytest.raises(ModelReplaced, match=r"ecapa-mini, version 1.*no longer ecapa-mini, version 2"):
        here.check(other.identity)
