import numpy as np
import pytest

from speaker_tracker.audio.crosstalk import without_crosstalk
from support.known_conversation import DATA, read_conversation

RATE = 16_000
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def voices():
    """What each of two people says in the dialogue, one at a time."""
    dialogue = read_conversation(DATA / "dialogue.flac", DATA / "dialogue.rttm")
    return [dialogue.samples * spoken for spoken in dialogue.speakers]


def gated(channels, size=64_000):
    sound = np.stack(channels, axis=1).astype(np.float32)
    sound += RNG.normal(0, 3e-4, sound.shape).astype(np.float32)
    out = np.concatenate(list(without_crosstalk((sound[at : at + size] for at in range(0, len(sound), size)), len(channels))))
    assert out.shape == sound.shape
    return out, sound


def over(voice, db=-20.0, delay_ms=5.0):
    return 10 ** (db / 20) * np.roll(voice, round(delay_ms * RATE / 1000))


def loud(voice):
    return np.convolve(voice**2, np.ones(800) / 800, "same") > 1e-4


def kept(out, where):
    return float((out[where] != 0).mean())


@pytest.mark.parametrize(("db", "delay_ms"), [(-20, 5), (-20, 0), (-12, 40), (-30, 5), (-20, 60)])
@pytest.mark.parametrize("size", [100, 64_000])
def test_what_comes_over_is_silenced_and_what_is_said_on_the_channel_is_kept(voices, db, delay_ms, size):
    first, second = voices
    out, _ = gated([first + over(second, db, delay_ms), second + over(first, db, delay_ms)], size)
    for channel, own, other in ((0, first, second), (1, second, first)):
        assert kept(out[:, channel], loud(own)) > 0.99
        assert kept(out[:, channel], np.roll(loud(other), round(delay_ms * 16)) & ~loud(own)) < 0.05


def test_people_who_talk_at_the_same_time_are_both_kept(voices):
    first, second = voices[0], np.roll(voices[1], -2 * RATE)
    out, _ = gated([first + over(second), second + over(first)])
    both = loud(first) & loud(second)
    assert both.sum() > 2 * RATE
    assert min(kept(out[:, 0], both), kept(out[:, 1], both)) > 0.95


def test_channels_without_crosstalk_come_out_as_they_were(voices):
    out, sound = gated(voices)
    assert np.abs(out - sound).max() == 0


def test_a_voice_that_is_as_loud_on_two_channels_is_kept_on_the_first(voices):
    out, _ = gated([voices[0], over(voices[0], 0)])
    assert kept(out[:, 0], loud(voices[0])) > 0.99
    assert kept(out[:, 1], loud(voices[0])) < 0.05


def test_one_channel_and_silence_come_out_as_they_were():
    sound = RNG.normal(0, 0.1, (5000, 1)).astype(np.float32)
    assert (np.concatenate(list(without_crosstalk([sound], 1))) == sound).all()
    silence = np.zeros((5000, 3), np.float32)
    assert (np.concatenate(list(without_crosstalk([silence], 3))) == silence).all()
