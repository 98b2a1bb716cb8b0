import pytest

from speaker_tracker.evaluation.reliability import Reliability, reliability
from speaker_tracker.evaluation.scoring import names_of
from speaker_tracker.events import TimelineSegment
from speaker_tracker.results.rttm import Turn

REFERENCE = [Turn("talk", 0.0, 4.0, "anna"), Turn("talk", 5.0, 10.0, "bert")]


def test_time_is_right_where_the_segments_speaker_speaks_and_silence_is_left_out():
    segments = [TimelineSegment(0, 6000, 0, 0.92), TimelineSegment(6000, 11_000, 1, 0.61), TimelineSegment(0, 9000, None)]
    sums = reliability(REFERENCE, segments, {0: "anna", 1: "bert"})

    low, high = sums.rows
    assert (low.least, low.most, low.seconds, low.right) == pytest.approx((0.6, 0.65, 4.0, 1.0))
    assert (high.least, high.most, high.seconds, high.said, high.right) == pytest.approx((0.9, 0.95, 5.0, 0.92, 0.8))
    assert sums.error == pytest.approx((4 * 0.39 + 5 * 0.12) / 9)


def test_segments_without_confidence_and_ids_without_a_person_are_no_trouble():
    segments = [TimelineSegment(0, 1000, 0), TimelineSegment(1000, 2000, 3, 1.0)]
    (row,) = reliability(REFERENCE, segments, {0: "anna"}).rows

    assert (row.seconds, row.said, row.right) == (1.0, 1.0, 0.0)


def test_several_conversations_add_up():
    one, other = Reliability(), Reliability()
    one.add(0.95, 10, 9)
    other.add(0.97, 30, 30)
    (row,) = (one + other).rows

    assert (row.seconds, row.right) == (40, 0.975)
    assert Reliability().error is None


def test_ids_are_named_by_the_best_mapping():
    pytest.importorskip("pyannote.metrics")
    segments = [TimelineSegment(0, 3000, 1), TimelineSegment(3000, 10_000, 0)]
    assert names_of(REFERENCE, segments) == {0: "bert", 1: "anna"}
