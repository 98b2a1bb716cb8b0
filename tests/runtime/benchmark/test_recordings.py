import pytest

from speaker_tracker.benchmark.errors import BenchmarkError
from speaker_tracker.benchmark.recordings import LoopedAudio, read_recordings


def test_recordings_stand_one_after_the_other(conversation, write_audio):
    other = write_audio("other.wav", [(1, 2)], rate=8000)
    both = read_recordings([conversation, other])
    assert len(both) == pytest.approx(5 * 32_000, abs=64)
    assert both.startswith(read_recordings([conversation]))


def test_frames_go_on_from_the_beginning_behind_the_end():
    pcm = bytes(range(200)) * 64  # 6400 samples: two frames of 200 ms
    audio = LoopedAudio(pcm, 200)
    assert audio.samples == 6400
    assert bytes(audio.frame(0, 0)) == pcm[:6400]
    assert bytes(audio.frame(0, 1)) == pcm[6400:]
    assert bytes(audio.frame(0, 2)) == bytes(audio.frame(0, 0))
    assert bytes(audio.frame(4800, 0)) == pcm[9600:] + pcm[:3200]
    assert bytes(audio.frame(4800, 1)) == pcm[3200:9600]


def test_less_than_a_frame_is_told():
    with pytest.raises(BenchmarkError, match="less than a frame of 100 ms"):
        LoopedAudio(bytes(100), 100)
