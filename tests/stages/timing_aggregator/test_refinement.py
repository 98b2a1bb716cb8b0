import pytest

from speaker_tracker.events import TimelineSegment
from speaker_tracker_stages.timing_aggregator.refinement import NEAR_MS, PLAIN_REACH_MS, REACH_MS, SNAP_MS, HeardActivity, refined


def segments(*turns):
    return [TimelineSegment(start, end, speaker) for start, end, speaker in turns]


def told(labels, heard, start=0, end=100_000):
    return sorted((each.start_ms, each.end_ms, each.speaker) for each in refined(segments(*labels), heard, start, end))


def with_changes(*changes):
    heard = HeardActivity()
    for position, probability in changes:
        heard.add_change(position, probability)
    return heard


def with_overlaps(*overlaps):
    heard = HeardActivity()
    for start, end in overlaps:
        heard.add_overlap(start, end, 0.8)
    return heard


def test_labels_stay_as_they_are_where_nothing_was_heard():
    labels = [(0, 1000, 0), (1000, 2000, 1), (2500, 3000, None)]

    assert told(labels, HeardActivity()) == [(0, 1000, 0), (1000, 2000, 1)]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ([(1120, 0.6)], 1120),
        ([(880, 0.6)], 880),
        ([(880, 0.3), (1120, 0.6)], 1120),  # the more probable one
        ([(1000 + SNAP_MS + 1, 0.9)], 1000),  # too far
    ],
)
def test_a_speaker_changes_where_a_change_was_heard(changes, place):
    assert told([(0, 1000, 0), (1000, 2000, 1)], with_changes(*changes)) == [(0, place, 0), (place, 2000, 1)]


def test_a_change_moves_no_turn_away():
    labels = [(0, 1000, 0), (1000, 1200, 1), (1200, 3000, 0)]

    assert told(labels, with_changes((1250, 0.9))) == [(0, 1000, 0), (1000, 1250, 1), (1250, 3000, 0)]
    assert told(labels, with_changes((1100, 0.9))) == [(0, 1100, 0), (1100, 1200, 1), (1200, 3000, 0)]


def test_a_change_behind_a_pause_moves_nothing():
    assert told([(0, 1000, 0), (1200, 2000, 1)], with_changes((1300, 0.9))) == [(0, 1000, 0), (1200, 2000, 1)]


def test_pauses_are_left_out():
    heard = HeardActivity()
    heard.pauses.add(400, 700)
    heard.pauses.add(900, 1100)

    assert told([(0, 1000, 0), (1000, 2000, 1)], heard) == [(0, 400, 0), (700, 900, 0), (1100, 2000, 1)]


def test_overlapped_speech_gets_the_one_who_spoke_before():
    assert (500, 800, 1) in told([(0, 400, 1), (400, 2000, 0)], with_overlaps((500, 800)))


def test_overlapped_speech_gets_the_one_who_speaks_next():
    assert (1500, 1900, 1) in told([(0, 2000, 0), (2000, 3000, 1), (3000, 4000, 2)], with_overlaps((1500, 1900)))


def test_around_a_change_both_speak():
    both = told([(0, 1000, 0), (1000, 2000, 1)], with_overlaps((800, 1300)))

    assert both == [(0, 1000, 0), (800, 1000, 1), (1000, 1300, 0), (1000, 2000, 1)]


def test_nobody_else_is_made_up():
    assert told([(0, 2000, 0)], with_overlaps((500, 800))) == [(0, 2000, 0)]
    far = 2000 + NEAR_MS
    assert told([(0, 1000, 0), (far, far + 1000, 1)], with_overlaps((0, 900))) == [(0, 1000, 0), (far, far + 1000, 1)]


def test_overlap_of_nobody_tracked_stays_nobodys():
    assert told([(0, 1000, 0), (1000, 2000, None)], with_overlaps((1200, 1500))) == [(0, 1000, 0)]


def test_second_speakers_have_the_probability_of_the_overlap():
    (second,) = [
        each for each in refined(segments((0, 400, 1), (400, 2000, 0)), with_overlaps((500, 800)), 0, 9000) if each.confidence
    ]

    assert second == TimelineSegment(500, 800, 1, 0.8)


def test_pieces_of_an_overlap_are_one():
    heard = with_overlaps((500, 600))
    heard.add_overlap(600, 900, 0.4)

    (overlap,) = heard.overlaps_within(0, 1000)
    assert (overlap.start, overlap.end) == (500, 900)
    assert overlap.probability == pytest.approx(0.5)


def test_only_what_lies_within_is_told():
    labels = [(0, 1000, 0), (1000, 2000, 1), (2000, 3000, 0)]

    assert told(labels, HeardActivity(), 1200, 1800) == [(1000, 2000, 1)]


def test_a_change_of_labels_reaches_further_where_people_speak_at_the_same_time():
    heard = HeardActivity()
    heard.add_overlap(20_000, 21_000, 0.9)

    assert heard.reach(1000, 2000) == PLAIN_REACH_MS
    assert heard.reach(17_000, 18_000) == REACH_MS
    assert heard.reach(24_000, 25_000) == REACH_MS
    assert heard.reach(30_000, 31_000) == PLAIN_REACH_MS
