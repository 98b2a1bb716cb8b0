"""What every segmentation stage does with events, whatever its network says."""

import numpy as np
import pytest

from speaker_tracker.events import AudioBlock, AudioClock, AudioGap, SpeechAudio, SpeechEnded, SpeechStarted
from speaker_tracker.stage import Inference
from speaker_tracker.stagekit.segmentation_stage import CONSUMED, PRODUCED, SPEECH, SegmentationStage
from speaker_tracker.stagekit.speaker_segmentation import SpeakerSegmentationOptions

FRAME, CHUNK = 100, 400


class AllSpeech(SegmentationStage):
    """To it, all that is heard is speech of one person; notes what it is asked."""

    def __init__(self):
        super().__init__(SpeakerSegmentationOptions(min_speech_ms=0), FRAME, CHUNK)
        self.asked, self.begun_anew = [], 0

    def ask(self, start, chunks):
        self.asked.append((start, len(chunks)))
        return self._speech(start, chunks.size // FRAME, last=False)

    def ask_rest(self, start, rest):
        self.asked.append((start, "rest", len(rest)))
        return self._speech(start, -(-len(rest) // FRAME), last=True)

    def begin_anew(self):
        self.begun_anew += 1

    def _speech(self, start, frames, *, last):
        said = np.tile(np.array([0, 1, 0, 0], np.float32), (frames, 1))
        return Inference(None, lambda _: self.told(start, said, last=last))


@pytest.fixture
def stage():
    return AllSpeech()


def answered(answers):
    return [event for answer in answers for event in (answer.then(None) if isinstance(answer, Inference) else [answer])]


def block(start, length):
    return AudioBlock(start, np.full(length, 0.1, np.float32))


def test_audio_is_asked_about_in_chunks_and_the_rest_at_the_end(stage):
    for start in range(0, 1200, 300):
        answered(stage.feed(block(start, 300)))
    answered(stage.feed(block(1200, 50)))
    answered(stage.flush())

    assert stage.asked == [(0, 1), (400, 1), (800, 1), (1200, "rest", 50)]


def test_all_that_is_speech_is_told_with_its_samples_to_the_last_one(stage):
    told = answered(stage.feed(block(0, 450))) + answered(stage.flush())

    assert told[0] == SpeechStarted(0)
    assert sum(len(event.samples) for event in told if isinstance(event, SpeechAudio)) == 450
    assert told[-1] == SpeechEnded(450)


def test_audio_and_unknown_events_are_passed_on_and_what_the_detector_tells_is_not(stage):
    heard, clock = block(0, 400), AudioClock(400)

    assert answered(stage.feed(heard))[-1] is heard
    assert answered(stage.feed(clock)) == [clock]
    for event in (SpeechStarted(0), SpeechAudio(0, heard.samples), SpeechEnded(400)):
        assert answered(stage.feed(event)) == []


def test_a_gap_ends_the_segment_before_it_is_passed_on_and_what_follows_is_heard_afresh(stage):
    answered(stage.feed(block(0, 450)))
    gap = AudioGap(450, 8000)
    told = answered(stage.feed(gap))
    after = answered(stage.feed(block(8000, 400)))

    assert told[-2:] == [SpeechEnded(450), gap]
    assert stage.begun_anew == 1
    assert after[0] == SpeechStarted(8000)


def test_a_second_flush_answers_nothing(stage):
    answered(stage.feed(block(0, 450)))

    assert answered(stage.flush())
    assert answered(stage.flush()) == []


def test_it_tells_speech_in_the_place_of_the_detector():
    assert SPEECH <= CONSUMED
    assert SPEECH < PRODUCED
