import numpy as np
import pytest

from speaker_tracker.audio.file import AudioFile
from speaker_tracker.audio.pcm_audio import PcmAudio


@pytest.fixture
def audio(conversation):
    return PcmAudio.read(conversation)


def levels(audio):
    samples = np.frombuffer(audio.pcm, "<i2")
    return [int(samples[ms * 16]) for ms in range(0, round(1000 * audio.seconds), 500)]


def test_a_file_in_memory_has_the_frames_of_the_file(audio, conversation):
    assert audio.seconds == 4.0
    for frame_ms in (100, 30):
        assert list(audio.frames(frame_ms)) == list(AudioFile(conversation).frames(frame_ms))


def test_a_part_lies_between_two_times(audio):
    part = audio.part(0.5, 2.5)
    assert part.seconds == 2.0
    assert levels(part) == [0, 1000, 1000, 2000]
    assert audio.part(3.0, 60.0).seconds == 1.0


def test_recordings_are_joined_with_silence_between_them(audio):
    joined = PcmAudio.joined([audio.part(1.0, 2.0), audio.part(2.0, 3.0)], 0.5)
    assert levels(joined) == [1000, 1000, 0, 2000, 2000]
