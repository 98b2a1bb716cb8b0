import pytest

from speaker_tracker.evaluation.scoring import DiarizationError, score
from speaker_tracker.events import TimelineSegment
from speaker_tracker.results.rttm import Turn

pytest.importorskip("pyannote.metrics")


def reference(*turns):
    return [Turn("talk", start, end, speaker) for start, end, speaker in turns]


def hypothesis(*segments):
    return [TimelineSegment(start, end, speaker) for start, end, speaker in segments]


ANNA_THEN_BERT = reference((0, 4, "anna"), (4, 10, "bert"))


def test_names_do_not_matter():
    assert score(ANNA_THEN_BERT, hypothesis((0, 4000, 1), (4000, 10000, 0)), 10) == DiarizationError(total=10)


def test_each_part_is_counted_in_seconds():
    # Anna is missed for 1 s, Bert is taken for Anna for 2 s, and 0.5 s of silence at the end is given to somebody.
    error = score(ANNA_THEN_BERT, hypothesis((1000, 6000, 0), (6000, 10500, 1)), 12)
    assert (error.total, error.missed, error.false_alarm, error.confusion) == pytest.approx((10, 1, 0.5, 2))
    assert error.rate == pytest.approx(0.35)


def test_overlapped_speech_counts_once_for_each_who_speaks():
    truth = reference((0, 6, "anna"), (4, 10, "bert"))
    error = score(truth, hypothesis((0, 5000, 0), (5000, 10000, 1)), 10)
    assert error.total == pytest.approx(12)
    assert error.missed == pytest.approx(2)
    assert error.rate == pytest.approx(2 / 12)


def test_overlapping_segments_of_the_hypothesis_are_scored_as_such():
    truth = reference((0, 6, "anna"), (4, 10, "bert"))
    assert score(truth, hypothesis((0, 6000, 0), (4000, 10000, 1)), 10).rate == 0


def test_there_is_no_collar():
    error = score(reference((1, 2, "anna")), hypothesis((1100, 2000, 0)), 3)
    assert error.missed == pytest.approx(0.1)


def test_labels_without_reference_speech_are_false_alarm_to_the_end_of_the_file():
    error = score(reference((0, 4, "anna")), hypothesis((0, 4000, 0), (20_000, 23_000, 1)), 30)
    assert error.false_alarm == pytest.approx(3)


def test_audio_after_the_scored_seconds_does_not_count():
    error = score(reference((0, 4, "anna"), (8, 14, "bert")), hypothesis((0, 4000, 0), (10_000, 20_000, 1)), 10)
    assert (error.total, error.missed, error.false_alarm) == pytest.approx((6, 2, 0))


def test_one_speaker_cannot_be_mapped_to_two():
    error = score(ANNA_THEN_BERT, hypothesis((0, 10_000, 0)), 10)
    assert error.confusion == pytest.approx(4)


def test_errors_of_several_files_are_added_up_in_seconds():
    error = DiarizationError(total=10, missed=1) + DiarizationError(total=30, confusion=3)
    assert error == DiarizationError(total=40, missed=1, confusion=3)
    assert error.rate == pytest.approx(0.1)


def test_without_any_reference_speech_there_is_no_rate():
    assert score([], hypothesis((0, 1000, 0)), 10).rate is None
