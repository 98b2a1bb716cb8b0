import numpy as np
import pytest
import soxr

from speaker_tracker.audio.telephone import TABLES, LineDecoder, LineEncoding
from support.telephone import companded_line, line_audio


def decoded(data, encoding, size=160):
    line = LineDecoder(LineEncoding(encoding))
    return np.concatenate([*(line.decode(data[at : at + size]) for at in range(0, len(data), size)), line.rest()])


@pytest.mark.parametrize("encoding", ["mulaw", "alaw"])
def test_a_conversation_comes_out_as_a_resampler_makes_it(encoding):
    data = line_audio("dialogue", encoding)
    wide = soxr.resample(TABLES[LineEncoding(encoding)][np.frombuffer(data, np.uint8)], 8000, 16_000)

    got = decoded(data, encoding)

    assert len(got) == 2 * len(data)
    assert got.dtype == np.float32
    assert np.square(got - wide).mean() < 1e-4 * np.square(wide).mean()


@pytest.mark.parametrize("size", [1, 7, 160, 100_000])
def test_samples_do_not_depend_on_the_pieces(size):
    data = line_audio("dialogue", "mulaw")[:20_001]
    assert np.allclose(decoded(data, "mulaw", size), decoded(data, "mulaw"), atol=1e-6)


@pytest.mark.parametrize("frequency", [100, 1000, 3400])
def test_tones_of_the_telephone_band_keep_their_level_and_have_no_image(frequency):
    at = np.arange(32_000) / 16_000
    got = decoded(companded_line(10_000 * np.sin(2 * np.pi * frequency * at), "mulaw"), "mulaw")
    spectrum = np.abs(np.fft.rfft(got[:32_000] * np.hanning(32_000)))
    peak = spectrum.argmax() / 2
    assert peak == pytest.approx(frequency, abs=1)
    assert np.abs(got).max() == pytest.approx(10_000 / 32_768, rel=0.05)
    assert spectrum[2 * 4400 :].max() < 0.01 * spectrum.max()


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17])
def test_short_audio_is_whole_once_the_rest_is_taken_and_another_stretch_begins(length):
    line = LineDecoder(LineEncoding.ALAW)
    data = bytes(range(1, length + 1))
    first = np.concatenate([line.decode(data), line.rest()])
    assert len(first) == 2 * length
    assert np.array_equal(np.concatenate([line.decode(data), line.rest()]), first)


def test_the_loudest_codes_stay_in_range():
    assert np.abs(decoded(bytes([0x80, 0x00] * 500 + [0x80] * 500), "mulaw")).max() <= 1
