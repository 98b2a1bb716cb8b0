import numpy as np
import pytest
import soxr

from speaker_tracker_stages.pcm_format.spectrum import is_narrow, share_above


@pytest.fixture
def speech(conversation):
    return conversation.samples[32_000:64_000]


def quantized(samples):
    return np.rint(samples * 32_768).astype(np.int16)


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_speech_at_a_higher_rate_is_narrow(speech, rate):
    assert is_narrow(quantized(soxr.resample(speech, 16_000, rate)))


def test_speech_is_not_narrow(speech):
    assert not is_narrow(quantized(speech))


def test_telephone_speech_is_not_narrow(speech):
    assert not is_narrow(quantized(soxr.resample(soxr.resample(speech, 16_000, 8000), 8000, 16_000)))


def test_a_low_note_is_not_narrow():
    assert not is_narrow(quantized(0.5 * np.sin(2 * np.pi * 440 * np.arange(6000) / 16_000)))


def test_the_share_above_is_that_of_the_power():
    time = np.arange(16_000) / 16_000
    two = np.sin(2 * np.pi * 1000 * time) + 0.1 * np.sin(2 * np.pi * 6000 * time)

    assert share_above(two, 0.5) == pytest.approx(-20, abs=0.2)
