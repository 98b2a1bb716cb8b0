import pytest

from speaker_tracker.evaluation.detection import Detection, Found, detection, overlaps
from speaker_tracker.events import TimelineSegment
from speaker_tracker.results.rttm import Turn

pytest.importorskip("pyannote.metrics")


def reference(*turns):
    return [Turn("talk", start, end, speaker) for start, end, speaker in turns]


def hypothesis(*segments):
    return [TimelineSegment(start, end, speaker) for start, end, speaker in segments]


def figures(found):
    return found.total, found.missed, found.false_alarm


TALK = reference((1, 4, "anna"), (3, 6, "bert"), (8, 9, "anna"))
"""Speech in [1, 6) and [8, 9), overlapped in [3, 4)."""


def test_speech_is_counted_once_however_many_speak_and_whoever_they_are():
    # The first half second is missed, and half a second of silence is taken for speech.
    speech = detection(TALK, hypothesis((1500, 6000, 3), (2000, 5000, 1), (7500, 9000, 0)), 10).speech

    assert figures(speech) == pytest.approx((6, 0.5, 0.5))
    assert speech.share(speech.missed) == pytest.approx(0.5 / 6)


def test_overlap_is_found_where_any_two_speak_at_once():
    # Half a second of the overlap is found, and three tenths of a second before it are told to be overlapped.
    overlap = detection(TALK, hypothesis((1000, 3500, 0), (2700, 6000, 2)), 10).overlap

    assert figures(overlap) == pytest.approx((1, 0.5, 0.3))
    assert overlap.found == pytest.approx(0.5)
    assert overlap.false_share == pytest.approx(0.3 / 0.8)


def test_overlapping_turns_of_one_person_are_no_overlap():
    twice = reference((0, 2, "anna"), (1, 3, "anna"))
    told = detection(twice, hypothesis((0, 2000, 0), (1000, 3000, 0)), 4)

    assert told.speech == Found(total=3)
    assert told.overlap == Found()
    assert overlaps(twice, 4) == []


def test_three_at_once_are_one_overlap():
    three = reference((0, 4, "anna"), (1, 3, "bert"), (2, 5, "carl"))

    assert overlaps(three, 10) == [(1, 4)]
    assert detection(three, hypothesis((0, 2000, 0), (1000, 4000, 1)), 10).overlap == Found(total=3, missed=2)


def test_segments_of_nobody_are_no_speech():
    assert figures(detection(TALK, hypothesis((0, 10_000, None)), 10).speech) == pytest.approx((6, 6, 0))


def test_only_the_scored_seconds_count():
    told = detection(TALK, hypothesis((1000, 9000, 0), (3000, 9000, 1)), 3.5)

    assert figures(told.speech) == pytest.approx((2.5, 0, 0))
    assert figures(told.overlap) == pytest.approx((0.5, 0, 0))
    assert overlaps(TALK, 3.5) == [(3, 3.5)]


def test_there_is_no_collar():
    assert figures(detection(TALK, hypothesis((1100, 6000, 0), (8000, 9000, 0)), 10).speech) == pytest.approx((6, 0.1, 0))


def test_where_there_is_nothing_to_be_found_there_is_no_share():
    told = detection([], hypothesis((0, 1000, 0)), 10)

    assert told.speech.share(told.speech.false_alarm) is None
    assert told.speech.false_share == 1
    assert told.overlap.false_share is None


def test_several_files_are_added_up_in_seconds():
    both = Detection(Found(10, 1, 2), Found(2, 1, 0)) + Detection(Found(30, 3, 2), Found(2, 0, 1))

    assert both == Detection(Found(40, 4, 4), Found(4, 1, 1))
    assert both.speech.share(both.speech.missed) == pytest.approx(0.1)
    assert both.overlap.false_share == pytest.approx(0.25)
