from pathlib import Path

from speaker_tracker.evaluation.known_voices.cutting import cut_point, part_of, people_of
from speaker_tracker.evaluation.manifest import Conversation
from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.results.rttm import Turn

REFERENCE = [Turn("one", 0.0, 4.0, "anna"), Turn("one", 4.0, 10.0, "bert"), Turn("one", 10.0, 12.0, "anna")]


def conversation(uri, seconds=100.0):
    return Conversation(uri=uri, audio=Path("a"), rttm=Path("b"), num_speakers=2, group="clean", seconds=seconds)


def test_a_conversation_is_cut_in_its_middle_the_same_way_each_time():
    points = [cut_point(conversation(f"talk {number}")) for number in range(50)]
    assert all(30 <= point <= 70 for point in points)
    assert len(set(points)) > 40
    assert points[0] == cut_point(conversation("talk 0"))


def test_the_second_part_has_the_turns_behind_the_cut():
    assert part_of(REFERENCE, 5.0, 11.0) == [Turn("one", 0.0, 5.0, "bert"), Turn("one", 5.0, 6.0, "anna")]


def test_a_speaker_is_who_speaks_most_of_what_they_are_given_and_one_person_can_be_two_speakers():
    final = [TimelineSegment(0, 4500, 0), TimelineSegment(4500, 10_000, 1), TimelineSegment(10_000, 12_000, 2)]
    assert people_of(REFERENCE, final) == {"0": "anna", "1": "bert", "2": "anna"}
    assert people_of(REFERENCE, [TimelineSegment(13_000, 14_000, 0), TimelineSegment(0, 1, None)]) == {}
