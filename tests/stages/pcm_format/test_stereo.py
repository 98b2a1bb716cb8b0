import numpy as np
import pytest

from speaker_tracker_stages.pcm_format.stereo import interleaving


@pytest.fixture
def speech(conversation):
    return (conversation.samples[32_000:64_000] * 32_768).astype(np.int16)


def pairs(left, right):
    return np.column_stack([left, right]).astype(np.int16).ravel()


def test_mono_has_no_pairs(speech):
    found = interleaving(speech)

    assert found.pairing > 0.9
    assert found.apartness > 1
    assert found.balance > 0.9
    assert not found.is_equal
    assert not found.is_half_silent


def test_equal_channels_are_pairs(speech):
    found = interleaving(pairs(speech, speech))

    assert found.is_equal
    assert found.pairing < 0.001
    assert found.correlation == pytest.approx(1)


def test_different_channels_are_apart(speech):
    found = interleaving(pairs(speech, speech[::-1]))

    assert found.apartness < 0.2
    assert abs(found.correlation) < 0.5


def test_a_silent_channel_is_seen(speech):
    assert interleaving(pairs(speech, 0 * speech)).is_half_silent


def test_channels_in_opposite_phase_correlate_negatively(speech):
    assert interleaving(pairs(speech, -speech)).correlation == pytest.approx(-1)
