import pytest

from speaker_tracker.evaluation.known_voices.names_told import NamesTold
from speaker_tracker.protocol import ReportMessage, SegmentMessage, TimelineMessage
from speaker_tracker.results.rttm import Turn

REFERENCE = [Turn("one", 0.0, 4.0, "anna"), Turn("one", 4.0, 10.0, "bert"), Turn("one", 9.0, 12.0, "anna")]
"""Both speak from 9 to 10 s."""


def segments(*bodies):
    return [
        SegmentMessage(startMs=round(1000 * start), endMs=round(1000 * end), speakerId=who, name=name)
        for start, end, who, name in bodies
    ]


def timeline(audio, *bodies):
    return TimelineMessage(audioMs=round(1000 * audio), segments=segments(*bodies))


def report(*bodies):
    return ReportMessage(speakers=[], segments=segments(*bodies))


@pytest.fixture
def told():
    return NamesTold(REFERENCE, 12.0)


def test_a_name_is_told_after_what_its_person_had_spoken_by_then(told):
    told.add(timeline(2.0, (0, 1.5, 0, None)))
    told.add(timeline(3.5, (0, 3, 0, "anna")))
    told.add(timeline(11.0, (0, 3, 0, "anna"), (4, 9, 1, "bert")))
    assert told.told_after("anna") == 3.5
    assert told.told_after("bert") == 6.0


def test_a_name_that_is_told_of_somebody_else_is_not_told_of_its_person(told):
    told.add(timeline(6.0, (4, 6, 0, "anna")))
    told.add(timeline(10.0, (3.5, 9, 0, "anna")))
    assert told.told_after("anna") is None
    assert told.called("bert") == (True, False)
    assert told.called("anna") == (False, False)


def test_the_report_gives_speech_to_the_right_name_another_one_and_none(told):
    told.add(report((0, 3, 0, "anna"), (3, 3.5, 1, "bert"), (3.5, 4, 2, None), (4, 11, 1, "bert")))
    assert told.final_seconds("anna") == pytest.approx((3.0, 0.5 + 1.0, 0.5))
    assert told.final_seconds("bert") == pytest.approx((5.0, 0.0, 0.0))


def test_two_labels_at_once_are_right_if_one_of_them_is(told):
    told.add(report((0, 4, 0, "anna"), (0, 2, 1, "bert")))
    assert told.final_seconds("anna") == pytest.approx((4.0, 0.0, 0.0))


def test_what_is_given_to_nobody_does_not_count(told):
    told.add(timeline(12.0, (0, 4, None, None)))
    told.add(report((0, 1, 0, "anna")))
    assert told.final_seconds("anna") == pytest.approx((1.0, 0.0, 0.0))
    assert told.labelled_seconds("anna") == pytest.approx((0.0, 1.0))


def test_a_name_that_was_corrected_was_told_all_the_same(told):
    told.add(timeline(2.0, (0, 2, 0, "carl")))
    told.add(timeline(4.0, (0, 4, 0, None)))
    told.add(report((0, 4, 0, None)))
    assert told.called("anna") == (True, False)
    assert told.called_seconds("anna") == pytest.approx((2.0, 0.0))
    assert told.labelled_seconds("anna") == pytest.approx((4.0, 4.0))


def test_names_can_stand_for_people():
    told = NamesTold(REFERENCE, 12.0, {"0": "anna", "1": "bert", "2": "anna"})
    told.add(timeline(1.0, (0, 1, 0, "2")))
    told.add(report((0, 2, 0, "0"), (2, 4, 2, "2"), (4, 5, 0, "0"), (5, 6, 3, "3")))
    assert told.told_after("anna") == 1.0
    assert told.final_seconds("anna") == pytest.approx((4.0, 0.0, 0.0))
    assert told.final_seconds("bert") == pytest.approx((0.0, 2.0, 0.0))


def test_what_lies_behind_the_seconds_that_count_is_left_out():
    told = NamesTold(REFERENCE, 3.0)
    told.add(timeline(5.0, (0, 5, 0, "anna")))
    told.add(report((0, 5, 0, "anna")))
    assert told.speech("anna") == 3.0
    assert told.speech("bert") == 0.0
    assert told.told_after("anna") == 3.0
    assert told.final_seconds("anna") == pytest.approx((3.0, 0.0, 0.0))
