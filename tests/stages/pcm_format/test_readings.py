import numpy as np
import pytest

from speaker_tracker.audio.companding import alaw_table, mulaw_table
from speaker_tracker_stages.pcm_format.readings import READINGS, are_alike, big_endian_16, prediction_gain, signed_16

TIME = np.arange(6000) / 16_000
RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("hertz", [50, 440, 3999.9, 7000])
def test_a_sine_is_predicted_almost_wholly(hertz):
    assert prediction_gain(np.rint(10_000 * np.sin(2 * np.pi * hertz * TIME)).astype(np.int16)) > 60


def test_white_noise_is_not_predicted():
    assert prediction_gain(RANDOM.integers(-32_768, 32_768, 6000)) == pytest.approx(0, abs=0.1)


def test_a_constant_has_no_gain():
    assert prediction_gain(np.full(6000, 12_345, np.int16)) == 0


def test_readings_are_right_for_their_format():
    assert signed_16(np.frombuffer(b"\x01\x02\xff\xff", np.uint8)).tolist() == [0x0201, -1]
    assert big_endian_16(np.frombuffer(b"\x01\x02\xff\xff", np.uint8)).tolist() == [0x0102, -1]
    assert READINGS["shifted"](np.frombuffer(b"\0\x01\x02\xff\xff\0", np.uint8)).tolist() == [0x0201, -1]
    assert READINGS["int24"](np.frombuffer(b"\0\x01\x02\xff\xff\xff", np.uint8)).tolist() == [0x0201, -1]
    assert READINGS["int24-big-endian"](np.frombuffer(b"\x02\x01\0\xff\xff\xff", np.uint8)).tolist() == [0x0201, -1]
    assert READINGS["int32"](np.frombuffer(b"\x04\x03\x02\x01", np.uint8)).tolist() == [0x01020304]
    assert READINGS["int32-big-endian"](np.frombuffer(b"\x01\x02\x03\x04", np.uint8)).tolist() == [0x01020304]
    assert READINGS["signed-8"](np.frombuffer(b"\x01\xff", np.uint8)).tolist() == [1, -1]


def test_the_tables_of_both_laws_are_those_of_g_711():
    mulaw, alaw = mulaw_table(), alaw_table()

    assert [mulaw[code] for code in (0x00, 0x80, 0x7F, 0xFF)] == [-32_124, 32_124, 0, 0]
    assert [alaw[code] for code in (0x2A, 0xAA, 0x55, 0xD5)] == [-32_256, 32_256, -8, 8]


def test_consecutive_samples_are_alike_and_the_two_bytes_of_a_sample_are_not():
    samples = np.rint(3000 * np.sin(2 * np.pi * 300 * TIME)).astype("<i2")

    assert are_alike(samples[::2], samples[1::2])
    assert not are_alike(samples.view(np.int8)[::2], samples.view(np.int8)[1::2])
