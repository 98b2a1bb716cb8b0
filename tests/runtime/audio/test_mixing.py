import numpy as np
import pytest
import soundfile

from speaker_tracker.audio.mixing import Mixer
from support.known_conversation import DATA

RATE = 16_000


@pytest.fixture(scope="module")
def speech():
    return soundfile.read(DATA / "dialogue.flac", dtype="float32")[0][: 20 * RATE]


def mixed(channels, size=4 * RATE, rate=RATE):
    block = np.stack(channels, axis=1).astype(np.float32)
    mixer = Mixer(rate, block.shape[1])
    return np.concatenate([mixer.mix(block[at : at + size]) for at in range(0, len(block), size)]), mixer


def power(samples):
    return float(np.mean(np.square(samples, dtype=np.float64)))


def ordinary(speech):
    noise = np.random.default_rng(0).normal(0, 0.05, (2, len(speech))).astype(np.float32)
    return {
        "twice the same": [speech, speech],
        "one channel alone": [speech, np.zeros_like(speech)],
        "to the left": [speech, 0.3 * speech],
        "apart by 1 ms": [speech, np.roll(speech, 16)],
        "apart by 6 ms": [speech, np.roll(speech, 96)],
        "a voice each": [speech, np.roll(speech, 7 * RATE)],
        "noise": [noise[0], noise[1]],
        "a faint one against it": [speech, -0.1 * speech],
        "six": [speech, 0 * speech, np.roll(speech, 40), 0 * speech, noise[0], noise[1]],
    }


@pytest.mark.parametrize("name", ordinary(np.zeros(1)))
def test_ordinary_channels_are_averaged_bit_by_bit(speech, name):
    channels = ordinary(speech)[name]
    heard, mixer = mixed(channels)
    assert (heard == np.stack(channels, axis=1).astype(np.float32).mean(axis=1, dtype=np.float32)).all()
    assert mixer.inverted_seconds == 0


@pytest.mark.parametrize("size", [1600, 4410, 4 * RATE])
@pytest.mark.parametrize("louder", [0.5, 1, 2])
def test_of_channels_in_opposite_phase_one_is_inverted(speech, size, louder):
    heard, mixer = mixed([speech, -louder * speech], size)
    assert power(heard) == pytest.approx(power((1 + louder) / 2 * speech), rel=0.02)
    assert mixer.inverted_seconds == pytest.approx(20, abs=0.7)
    assert len(mixer.inverted) == 1


def test_channels_of_a_surround_recording_do_not_cancel(speech):
    heard, _ = mixed([speech, -speech, speech, -speech, 0 * speech])
    assert power(heard) == pytest.approx(power(0.8 * speech), rel=0.02)


def test_channels_that_change_their_phase_are_followed_without_clicks():
    tone = (0.3 * np.sin(2 * np.pi * 200 * np.arange(12 * RATE) / RATE)).astype(np.float32)
    other = np.concatenate([tone[: 4 * RATE], -tone[4 * RATE : 8 * RATE], tone[8 * RATE :]])
    heard, mixer = mixed([tone, other], 1600)
    assert power(heard) > 0.85 * power(tone)
    assert np.abs(np.diff(heard)).max() < 1.2 * np.abs(np.diff(tone)).max()
    assert mixer.inverted_seconds == pytest.approx(4, abs=0.7)


def test_whole_numbers_are_mixed_on_their_own_scale(speech):
    whole = np.rint(speech * 32767).astype(np.int16)
    mixer = Mixer(RATE, 2, full_scale=32768.0)
    heard = mixer.mix(np.stack([whole, -whole], axis=1))
    assert power(heard) == pytest.approx(power(whole), rel=0.02)


def test_silence_and_moments_are_averaged():
    assert not Mixer(RATE, 2).mix(np.zeros((RATE, 2), np.float32)).any()
    assert not Mixer(RATE, 2).mix(np.stack([np.ones(8), -np.ones(8)], axis=1).astype(np.float32)).any()


def test_inversions_are_reported(speech):
    _, mixer = mixed([0.5 * speech, speech, -speech, -speech])
    assert mixer.note.startswith("has channels in opposite phase, which would cancel each other: channels 3 and 4 inverted for ")
    assert mixed([speech, speech])[1].note is None
