import numpy as np
import pytest
import torch

from speaker_tracker_plugins.campplus_embedding.features import filter_banks, hertz_to_mel, less_mean
from speaker_tracker_stages.speechbrain_embedding.torchaudio_fallback import ensure_torchaudio

RATE = 16_000


@pytest.fixture
def noise():
    return np.random.default_rng(0).normal(0, 0.1, (2, 24_000)).astype(np.float32)


def test_they_are_those_of_kaldi(noise):
    ensure_torchaudio()
    from torchaudio.compliance.kaldi import fbank  # noqa: PLC0415 - only loads beside this PyTorch after the line above

    expected = [fbank(torch.from_numpy(one[np.newaxis]), num_mel_bins=80, sample_frequency=RATE, dither=0.0) for one in noise]
    assert np.allclose(filter_banks(noise), torch.stack(expected), atol=1e-3)


@pytest.mark.parametrize("hertz", [300.0, 1000.0, 4000.0])
def test_a_tone_is_loudest_in_the_band_around_it(hertz):
    tone = np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE).astype(np.float32)
    lowest, tone_mel, highest = hertz_to_mel(np.array([20.0, hertz, 8000.0]))
    band = (tone_mel - lowest) / (highest - lowest) * 81 - 1

    assert np.all(np.abs(filter_banks(tone[np.newaxis])[0].argmax(axis=1) - band) < 1)


def test_a_tone_twice_as_loud_is_four_times_as_strong(noise):
    assert np.allclose(filter_banks(2 * noise) - filter_banks(noise), np.log(4), atol=1e-4)


def test_silence_and_a_constant_are_at_the_floor():
    for level in (0.0, 0.5):
        assert np.allclose(filter_banks(np.full((1, 4000), level, np.float32)), np.log(np.finfo(np.float32).eps))


@pytest.mark.parametrize(("samples", "frames"), [(400, 1), (559, 1), (560, 2), (4000, 23), (24_000, 148)])
def test_there_is_a_frame_each_160_samples_for_as_long_as_a_whole_one_fits(samples, frames):
    features = filter_banks(np.zeros((3, samples), np.float32))

    assert features.shape == (3, frames, 80)
    assert features.dtype == np.float32


def test_the_frames_of_a_window_that_begins_later_are_those_at_the_end_of_the_first_and_new_ones(noise):
    first, second = filter_banks(noise[:1, :20_000])[0], filter_banks(noise[:1, 4000:24_000])[0]

    assert np.allclose(first[25:], second[:-25], atol=1e-5)


def test_a_window_is_normalized_by_its_own_mean(noise):
    features = filter_banks(noise)[0]

    assert np.allclose(less_mean(features).mean(axis=0), 0, atol=1e-5)
    assert less_mean(features).dtype == np.float32
