import numpy as np
import pytest

from speaker_tracker.client import BadArgument
from speaker_tracker.client.pcm import as_pcm, pieces

PCM = np.array([0, 1000, -32768, 32767], "<i2").tobytes()


@pytest.mark.parametrize(
    "audio",
    [
        PCM,
        bytearray(PCM),
        memoryview(PCM),
        np.frombuffer(PCM, "<i2"),
        np.frombuffer(PCM, "<i2").astype(">i2"),
        np.frombuffer(PCM, "<i2").reshape(-1, 1),
    ],
    ids=["bytes", "bytearray", "memoryview", "array", "big-endian", "column"],
)
def test_pcm_goes_as_it_is(audio):
    assert as_pcm(audio) == PCM


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_floats_are_scaled_and_clipped(kind):
    pcm = as_pcm(np.array([0, 0.5, -1, 1, 1.7, -2], kind))
    assert np.frombuffer(pcm, "<i2").tolist() == [0, 16384, -32768, 32767, 32767, -32768]


@pytest.mark.parametrize(
    ("audio", "words"),
    [
        (b"123", "3 bytes are no whole number of samples; audio must be raw PCM: 16 kHz"),
        ("text", "or a NumPy array of samples, not str"),
        (7, "or a NumPy array of samples, not int"),
        (np.zeros((4, 2), np.int16), r"an array of shape \(4, 2\) is not mono"),
        (np.float32(0), r"an array of shape \(\) is not mono"),
        (np.zeros(4, np.int32), "an array of int32 has no samples"),
        (np.zeros(4, np.uint16), "an array of uint16 has no samples"),
        (np.array([0, np.nan], np.float32), "not a number"),
    ],
)
def test_invalid_audio_is_rejected(audio, words):
    with pytest.raises(BadArgument, match=words):
        as_pcm(audio)


def test_pieces_are_of_one_length_but_the_last():
    assert list(pieces(b"abcdefgh", 6)) == [b"abcdef", b"gh"]
    assert list(pieces(b"", 6)) == []
