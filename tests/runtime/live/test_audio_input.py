import numpy as np
import pytest
import soxr

from speaker_tracker.client import BadArgument
from speaker_tracker.live.audio_input import AudioInput

RNG = np.random.default_rng(0)
NOISE = RNG.uniform(-0.5, 0.5, 16_000).astype(np.float32)


def samples_of(pcm):
    return np.frombuffer(pcm, "<i2").astype(np.float32) / 32_768


def heard(audio, rate=16_000, pieces=1):
    taken = AudioInput(rate)
    pcm = b"".join(taken.pcm(piece) for piece in np.array_split(audio, pieces))
    return samples_of(pcm + taken.rest())


@pytest.mark.parametrize(
    "audio",
    [NOISE, NOISE.astype(np.float64), NOISE[:, None], np.stack([NOISE, NOISE], axis=1), np.rint(NOISE * 32_768).astype(np.int16)],
    ids=["float32", "float64", "one column", "two channels", "int16"],
)
def test_arrays_of_every_kind_are_the_same_audio(audio):
    assert np.abs(heard(audio) - NOISE).max() <= 1 / 32_768


def test_bytes_pass_as_they_are():
    pcm = np.rint(NOISE * 32_768).astype("<i2").tobytes()
    assert AudioInput(16_000).pcm(pcm) == pcm
    assert AudioInput(16_000).pcm(bytearray(pcm)) == AudioInput(16_000).pcm(memoryview(pcm)) == pcm


def test_big_endian_integers_are_the_same_audio():
    assert np.abs(heard(np.rint(NOISE * 32_768).astype(">i2")) - NOISE).max() <= 1 / 32_768


def test_channels_in_opposite_phase_do_not_cancel():
    assert np.abs(heard(np.stack([NOISE, -NOISE], axis=1))).max() > 0.4


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("pieces", [1, 7, 100])
def test_any_rate_becomes_that_of_the_session_whatever_the_pieces(rate, pieces):
    at = np.arange(2 * rate) / rate
    tone = (0.5 * np.sin(2 * np.pi * 440 * at)).astype(np.float32)

    whole = soxr.resample(tone, rate, 16_000)
    got = heard(tone, rate, pieces)

    assert len(got) == pytest.approx(32_000, abs=2)
    assert np.abs(got[200:31_000] - whole[200:31_000]).max() < 0.001


def test_the_length_of_the_audio_is_that_of_what_was_given():
    taken = AudioInput(44_100)
    for _ in range(30):
        taken.pcm(np.zeros(4410, np.float32))
    assert taken.taken_ms == 3000


def test_after_the_rest_another_stretch_begins():
    taken = AudioInput(48_000)
    first = samples_of(taken.pcm(np.ones(4800, np.float32) / 2) + taken.rest())
    second = samples_of(taken.pcm(np.ones(4800, np.float32) / 2) + taken.rest())
    assert np.array_equal(first, second)
    assert len(first) == 1600


@pytest.mark.parametrize("empty", [b"", np.zeros(0, np.int16), np.zeros((0, 2), np.float32)])
def test_no_samples_are_no_audio(empty):
    assert AudioInput(16_000).pcm(empty) == b""


@pytest.mark.parametrize(
    ("audio", "sentence"),
    [
        (b"abc", "3 bytes hold no whole number of 16-bit samples"),
        ("audio", "not str"),
        ([0.1, 0.2], "not list"),
        (None, "not NoneType"),
        (np.zeros(10, np.int32), "array of int32 is not taken for samples"),
        (np.zeros(10, np.uint8), "array of uint8"),
        (np.zeros(10, np.complex64), "array of complex64"),
        (np.zeros((2, 3, 4), np.float32), r"of shape \(n,\) or \(n, channels\), not \(2, 3, 4\)"),
        (np.float32(0.5), "not float32"),
        (np.zeros((2, 4800), np.float32), "has 4800 channels, and 1 to 64 are taken; transpose it"),
        (np.zeros((4800, 0), np.float32), "has 0 channels"),
        (np.array([0.0, np.nan], np.float32), "infinite or not a number"),
        (np.array([0.0, np.inf]), "infinite or not a number"),
        (np.array([0.0, -12_000.0]), "within ±1, and these reach 12000; divide samples of 16 bits by 32768"),
    ],
)
def test_what_is_no_audio_is_refused_and_not_taken(audio, sentence):
    taken = AudioInput(16_000)
    with pytest.raises(BadArgument, match=sentence):
        taken.pcm(audio)
    assert taken.taken_ms == 0


def test_audio_a_little_beyond_full_scale_is_clipped():
    assert samples_of(AudioInput(16_000).pcm(np.array([1.5, -1.5]))).tolist() == [32_767 / 32_768, -1.0]


def test_the_number_of_channels_does_not_change():
    taken = AudioInput(16_000)
    taken.pcm(np.zeros((10, 2), np.float32))
    with pytest.raises(BadArgument, match="had 2 channels and now has 1"):
        taken.pcm(np.zeros(10, np.float32))


@pytest.mark.parametrize("rate", [0, -1, 1999, 768_001, 16_000.0, "16000", None, True])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(BadArgument, match="sample_rate must be"):
        AudioInput(rate)
