from itertools import pairwise

import numpy as np
import pytest
from pydantic import ValidationError

from speaker_tracker.events import AudioBlock, OverlappedSpeech, SpeakerChange, SpeechAudio, SpeechEnded, SpeechStarted
from speaker_tracker.stagekit.speaker_segmentation import (
    ChangeFinder,
    OverlapFinder,
    SegmentationDecoder,
    SpeakerSegmentationOptions,
)

FRAME = 320


def probabilities(*, speech, several=0.0, change=0.0, count=1):
    return np.tile(np.array([[1 - speech, speech - several, several, change]], np.float32), (count, 1))


def decode(rows, *, detected=(), start=0, **options):
    """All answers to frames with these probabilities; ``detected``: segments of a detector in frames."""
    decoder = SegmentationDecoder(SpeakerSegmentationOptions(**options), FRAME)
    samples = np.zeros(len(rows) * FRAME, np.float32)
    for first, last in detected:
        decoder.merger.detected.feed(SpeechStarted(first * FRAME))
        decoder.merger.detected.feed(SpeechAudio(first * FRAME, samples[: (last - first) * FRAME]))
        decoder.merger.detected.feed(SpeechEnded(last * FRAME))
    return [*decoder.hear(AudioBlock(start, samples)), *decoder.decide(start, rows), *decoder.end()]


def spoken(answers):
    return [(event.start // FRAME, event.end // FRAME) for event in answers if isinstance(event, SpeechAudio)]


def test_the_detector_decides_where_the_network_is_in_doubt():
    assert spoken(decode(probabilities(speech=0.7, count=60))) == []  # log-odds of 0.85, and 1 off where the detector hears none
    assert spoken(decode(probabilities(speech=0.75, count=60)))[0][0] == 0

    heard = spoken(decode(probabilities(speech=0.4, count=60), detected=[(20, 40)]))
    assert (heard[0][0], heard[-1][1]) == (20, 40)


def test_a_detector_without_weight_is_not_heard():
    assert spoken(decode(probabilities(speech=0.4, count=60), detected=[(20, 40)], detector_weight=0)) == []


def test_frames_beyond_the_audio_are_left_out():
    decoder = SegmentationDecoder(SpeakerSegmentationOptions(), FRAME)
    answers = list(decoder.hear(AudioBlock(1000, np.zeros(10 * FRAME, np.float32))))
    answers += decoder.decide(1000 - 5 * FRAME, probabilities(speech=1.0, count=30))
    answers += decoder.end()

    assert answers[0] == SpeechStarted(1000)
    assert answers[-1] == SpeechEnded(1000 + 10 * FRAME)


def test_overlapped_speech_is_told_with_its_probability():
    rows = np.concatenate(
        [probabilities(speech=1, count=20), probabilities(speech=1, several=0.8, count=10), probabilities(speech=1, count=20)]
    )
    overlaps = [event for event in decode(rows) if isinstance(event, OverlappedSpeech)]

    assert overlaps[0].start == 20 * FRAME
    assert overlaps[-1].end == 30 * FRAME
    assert all(before.end == after.start for before, after in pairwise(overlaps))
    assert np.allclose([overlap.probability for overlap in overlaps], 0.8)


def test_a_moment_of_overlap_is_not_told():
    finder = OverlapFinder(0.5, shortest=3)
    answers = [
        event for number, p in enumerate((0.9, 0.9, 0.1, 0.9, 0.9, 0.9, 0.9)) for event in finder.feed(number, number + 1, p)
    ]

    assert [(event.start, event.end) for event in answers] == [(3, 6), (6, 7)]


@pytest.mark.parametrize(
    ("heard", "told"),
    [
        ((0.1, 0.2, 0.1), []),
        ((0.1, 0.2, 0.7, 0.3, 0.1), [2]),
        ((0.8, 0.1, 0.1), [0]),
        ((0.1, 0.1, 0.8), [2]),
        ((0.6, 0.6, 0.6), [0]),  # of equal ones the first
        ((0.6, 0.1, 0.7, 0.1, 0.1, 0.1, 0.6), [2, 6]),  # the lower of two near each other is left out
    ],
)
def test_changes_are_where_their_probability_is_highest(heard, told):
    finder = ChangeFinder(0.5, reach=2)
    answers = [event for number, p in enumerate(heard) for event in finder.feed(number, p)]
    answers += finder.flush()

    assert [(event.position, event.probability) for event in answers] == [(place, heard[place]) for place in told]


def test_changes_of_the_last_frames_are_told_at_the_end():
    rows = np.concatenate([probabilities(speech=1, count=20), probabilities(speech=1, change=0.9)])

    assert [event.position for event in decode(rows) if isinstance(event, SpeakerChange)] == [20 * FRAME]


@pytest.mark.parametrize("wrong", [{"threshold": 0}, {"overlap_threshold": 1.0}, {"detector_weight": -1}, {"min_silence_ms": 6000}])
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        SpeakerSegmentationOptions(**wrong)
