import pytest

from speaker_tracker.evaluation.id_switches import IdSwitches
from speaker_tracker.protocol import SegmentMessage, TimelineMessage
from speaker_tracker.results.rttm import Turn

REFERENCE = [Turn("one", 0.0, 10.0, "anna"), Turn("one", 10.0, 20.0, "bert"), Turn("one", 20.0, 30.0, "carl")]


def timeline(*segments):
    bodies = [SegmentMessage(startMs=round(1000 * start), endMs=round(1000 * end), speakerId=who) for start, end, who in segments]
    return TimelineMessage(audioMs=bodies[-1].endMs, segments=bodies)


@pytest.fixture
def switches():
    return IdSwitches(REFERENCE, 30.0)


def test_ids_that_stay_with_their_voices_do_not_switch(switches):
    for message in (timeline((0, 10, 0)), timeline((10, 20, 1)), timeline((20, 25, 0)), timeline((20, 30, 2))):
        switches.add(message)

    assert switches.count == 0


def test_an_id_that_comes_to_another_voice_is_counted_each_time(switches):
    switches.add(timeline((0, 5, 0)))
    switches.add(timeline((10, 16, 0)))
    assert switches.count == 1
    switches.add(timeline((10, 16, 1)))
    assert switches.count == 2


def test_swapped_ids_count_for_both(switches):
    switches.add(timeline((0, 10, 0), (10, 20, 1)))
    switches.add(timeline((0, 10, 1), (10, 20, 0)))

    assert switches.count == 2


def test_two_seconds_make_no_holder_and_half_is_no_majority(switches):
    switches.add(timeline((0, 2, 0)))
    switches.add(timeline((10, 14, 0), (20, 24, 0)))
    assert switches.count == 0
    switches.add(timeline((14, 20, 0)))
    assert switches.count == 0


def test_corrections_to_nobody_take_time_away(switches):
    switches.add(timeline((0, 10, 0)))
    switches.add(timeline((0, 10, None)))
    switches.add(timeline((10, 20, 0)))

    assert switches.count == 1


def test_without_a_reference_nothing_can_switch():
    switches = IdSwitches([], 30.0)
    switches.add(timeline((0, 10, 0)))

    assert switches.count == 0
