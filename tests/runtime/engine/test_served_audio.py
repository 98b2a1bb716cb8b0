import pytest

from speaker_tracker.engine.served_audio import check_announced_audio
from speaker_tracker.errors import BadInput
from speaker_tracker.protocol import ErrorCode, StartCommand


@pytest.mark.parametrize("encoding", ["pcm_s16le", "s16le", "S16_LE", "linear16", "LINEAR16", "pcm16", "PCM-S16LE", None])
def test_usual_spellings_of_the_served_encoding_are_accepted(encoding):
    check_announced_audio(StartCommand(sample_rate=16_000, encoding=encoding, channels=1))


@pytest.mark.parametrize(
    ("announced", "words"),
    [
        ({"sample_rate": 48_000}, "sample rate of 48000 is not served; resample the audio to 16000"),
        ({"sample_rate": -1}, "sample rate of -1"),
        ({"channels": 2}, "2 channels is not served; mix it to 1"),
        ({"encoding": "mulaw"}, "encoding 'mulaw' is not served; use 'pcm_s16le'"),
        ({"encoding": ""}, "encoding ''"),
        ({"encoding": "x" * 1000}, "…'"),
    ],
)
def test_what_is_not_served_is_refused_by_what_is(announced, words):
    with pytest.raises(BadInput, match="16 kHz, signed 16-bit little-endian, mono") as caught:
        check_announced_audio(StartCommand(**announced))
    assert caught.value.code == ErrorCode.UNSUPPORTED_AUDIO
    assert words in caught.value.message
    assert len(caught.value.message) < 300
