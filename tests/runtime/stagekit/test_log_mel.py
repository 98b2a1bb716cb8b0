import numpy as np
import pytest

from speaker_tracker.models import ModelError
from speaker_tracker.stagekit.log_mel import LogMel

SIZE, HOP = 400, 160


@pytest.fixture
def features():
    """Each band is one bin of the spectrum."""
    return LogMel(np.ones(SIZE, np.float32), np.eye(SIZE // 2 + 1, dtype=np.float32), HOP, 1e-10, 80.0)


def test_a_tone_stands_out_in_its_band_by_its_power(features):
    tone = 0.5 * np.cos(2 * np.pi * 1000 * np.arange(16_000) / 16_000)
    (found,) = features(tone.astype(np.float32)[None])

    assert found.shape == (1 + 16_000 // HOP, SIZE // 2 + 1)
    assert found.dtype == np.float32
    assert (found[10:-10].argmax(axis=1) == 1000 * SIZE // 16_000).all()
    assert np.allclose(found[10:-10].max(axis=1), 10 * np.log10((0.5 * SIZE / 2) ** 2), atol=0.01)


def test_nothing_lies_further_below_the_loudest_than_the_range(features):
    loud_then_silent = np.concatenate([np.ones(4_000), np.zeros(4_000)]).astype(np.float32)
    (found,) = features(loud_then_silent[None])

    assert np.isclose(found.min(), found.max() - 80)


def test_silence_has_the_power_of_the_floor(features):
    assert np.allclose(features(np.zeros((2, 1_000), np.float32)), -100)


def test_what_was_saved_computes_the_same(features, tmp_path):
    features.save(tmp_path / "features.npz")
    noise = np.random.default_rng(0).normal(0, 0.1, (2, 5_000)).astype(np.float32)

    assert np.array_equal(LogMel.load(tmp_path / "features.npz")(noise), features(noise))


@pytest.mark.parametrize("content", [b"", b"no arrays"])
def test_a_file_that_holds_something_else_is_named(tmp_path, content):
    (tmp_path / "features.npz").write_bytes(content)

    with pytest.raises(ModelError, match=r"features.npz does not hold the constants of features.*export the model again"):
        LogMel.load(tmp_path / "features.npz")
