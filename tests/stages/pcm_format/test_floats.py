import numpy as np
import pytest

from speaker_tracker_stages.pcm_format.floats import float_format

SAMPLES = np.random.default_rng(0).normal(0, 0.1, 1500)


def as_bytes(samples):
    return np.frombuffer(samples.tobytes(), np.uint8)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("letter", "name"), [("f4", "float32"), ("f8", "float64")])
def test_floats_are_recognized_in_either_byte_order(order, letter, name):
    assert float_format(as_bytes(SAMPLES.astype(order + letter))) == name


@pytest.mark.parametrize("first", [1, 2, 3])
def test_floats_are_recognized_from_any_byte_on(first):
    assert float_format(as_bytes(SAMPLES.astype("<f4"))[first:]) == "float32"


def test_floats_on_the_scale_of_integers_are_recognized():
    assert float_format(as_bytes(np.rint(SAMPLES * 32_768).astype("<f4"))) == "float32"


@pytest.mark.parametrize("offset", [0, 0x3000, 0x3F00, -0x4100])
def test_integers_are_no_floats(offset):
    assert float_format(as_bytes((np.rint(SAMPLES * 1000) + offset).astype("<i2"))) is None


@pytest.mark.parametrize("hertz", [2000, 4000])
def test_tones_whose_bytes_repeat_are_no_floats(hertz):
    assert float_format(as_bytes(np.rint(16_384 * np.sin(2 * np.pi * hertz * np.arange(6000) / 16_000)).astype("<i2"))) is None


def test_silence_is_no_float():
    assert float_format(np.zeros(12_000, np.uint8)) is None
