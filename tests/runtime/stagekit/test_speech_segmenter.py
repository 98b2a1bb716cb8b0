import numpy as np
import pytest

from speaker_tracker.events import AudioBlock, SpeechAudio, SpeechEnded, SpeechStarted
from speaker_tracker.stagekit.speech_segmenter import FrameCutter, SegmenterOptions, SegmentTimingOptions, SpeechSegmenter

FRAME = 10
OPTIONS = SegmenterOptions(threshold=0.5, deactivation_threshold=0.3, min_speech=2, min_silence=3, padding=1)


def segments(scores, options=OPTIONS):
    """What is found in frames with these scores: (first frame, last frame) of each segment."""
    segmenter, found = SpeechSegmenter(options), []
    for number, score in enumerate(scores):
        found += segmenter.feed(number * FRAME, np.full(FRAME, number, np.float32), score)
    found += segmenter.flush()
    spoken, position = [], None
    for event in found:
        match event:
            case SpeechStarted():
                spoken.append([event.start // FRAME])
                position = event.start
            case SpeechAudio():
                assert event.start == position
                position = event.end
            case SpeechEnded():
                assert event.end == position
                spoken[-1].append(event.end // FRAME - 1)
    return [tuple(one) for one in spoken]


@pytest.mark.parametrize(
    ("scores", "found"),
    [
        ("..........", []),
        ("....#.....", []),
        ("...##.....", [(2, 5)]),
        ("..####....", [(1, 6)]),
        ("..##..##..", [(1, 8)]),
        ("..##...##..", [(1, 4), (6, 9)]),
        ("##........", [(0, 2)]),
        ("........##", [(7, 9)]),
        ("..#?#.....", [(1, 5)]),
        ("..##??....", [(1, 6)]),
        ("..##.??...", [(1, 4)]),
        ("..?##.....", [(2, 5)]),
    ],
)
def test_segments_are_where_frames_are_speech(scores, found):
    """``#`` is speech, ``.`` silence, ``?`` in doubt."""
    assert segments([{"#": 0.9, "?": 0.4, ".": 0.1}[score] for score in scores]) == found


def test_doubt_alone_never_opens_a_segment_and_is_not_held_for_ever():
    segmenter = SpeechSegmenter(OPTIONS)
    for number, score in enumerate([0.9] + [0.4] * 100):
        assert list(segmenter.feed(number * FRAME, np.zeros(FRAME, np.float32), score)) == []
        assert len(segmenter._held) <= 2 + OPTIONS.min_speech + OPTIONS.min_silence + OPTIONS.padding


def test_a_restored_segmenter_ends_what_was_under_way():
    first, second = SpeechSegmenter(OPTIONS), SpeechSegmenter(OPTIONS)
    for number in range(4):
        list(first.feed(number * FRAME, np.zeros(FRAME, np.float32), 0.9))
    second.restore(first.snapshot())

    assert list(second.feed(4 * FRAME, np.zeros(FRAME, np.float32), 0.1)) == [SpeechEnded(4 * FRAME)]


def test_a_restored_segmenter_that_hears_nothing_more_ends_it_once():
    first, second = SpeechSegmenter(OPTIONS), SpeechSegmenter(OPTIONS)
    for number in range(4):
        list(first.feed(number * FRAME, np.zeros(FRAME, np.float32), 0.9))
    second.restore(first.snapshot())

    assert list(second.flush()) == [SpeechEnded(4 * FRAME)]
    assert list(second.flush()) == []


def test_durations_are_rounded_to_frames():
    timing = SegmentTimingOptions(min_speech_ms=0, min_silence_ms=200, padding_ms=40)

    assert timing.segmenter(threshold=0.5, deactivation_threshold=0.3, frame_samples=512) == SegmenterOptions(0.5, 0.3, 1, 6, 1)


@pytest.mark.parametrize("size", [1, 7, 10, 33])
def test_frames_do_not_depend_on_the_length_of_blocks(size):
    samples, cutter = np.arange(100, 205, dtype=np.float32), FrameCutter(FRAME)
    cut = [cutter.feed(AudioBlock(40 + offset, samples[offset : offset + size])) for offset in range(0, len(samples), size)]
    rest_start, rest = cutter.flush()

    position = 40
    for start, frames in cut:
        assert start == position or not len(frames)
        assert np.array_equal(frames.ravel(), samples[position - 40 : position - 40 + frames.size])
        position += frames.size
    assert (rest_start, rest.tolist()) == (140, [200, 201, 202, 203, 204])
    assert len(cutter.flush()[1]) == 0


def test_a_segment_ends_where_audio_stops_and_goes_on_later():
    segmenter, found = SpeechSegmenter(OPTIONS), []
    for number in [*range(6), *range(100, 106)]:
        found += segmenter.feed(number * FRAME, np.zeros(FRAME, np.float32), 0.9)
    found += segmenter.flush()

    bounds = [event for event in found if not isinstance(event, SpeechAudio)]
    assert bounds == [SpeechStarted(0), SpeechEnded(60), SpeechStarted(1000), SpeechEnded(1060)]


def test_speech_before_a_gap_does_not_count_towards_a_segment_behind_it():
    segmenter = SpeechSegmenter(OPTIONS)
    found = [
        event
        for number, score in [(0, 0.9), (50, 0.9), (51, 0.1), (52, 0.1)]
        for event in segmenter.feed(number * FRAME, np.zeros(FRAME, np.float32), score)
    ]
    assert found == []


def test_frames_begin_anew_behind_a_gap():
    cutter = FrameCutter(FRAME)
    cutter.feed(AudioBlock(0, np.zeros(15, np.float32)))
    start, frames = cutter.feed(AudioBlock(1000, np.ones(25, np.float32)))

    assert (start, frames.shape, frames.min()) == (1000, (2, FRAME), 1)
    assert cutter.flush()[0] == 1020
