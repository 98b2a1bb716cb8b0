from speaker_tracker.events import TimelineSegment
from speaker_tracker.results.panel import OTHER_COLOUR, Panel, lanes, speaking_seconds
from speaker_tracker.results.rttm import Turn
from speaker_tracker.results.segmentation import Segmentation

FINAL = [TimelineSegment(0, 4000, 0), TimelineSegment(4000, 9000, 1)]


def panel(*reference, **more):
    turns = [Turn("talk", *turn) for turn in reference]
    return Panel("talk.wav", 10.0, [TimelineSegment(0, 9000, 0)], FINAL, turns, **more)


def test_there_is_a_lane_a_speaker():
    assert [lane.label for lane in lanes(panel())] == ["speaker 0", "speaker 1"]


def test_totals_are_those_of_the_final_timeline():
    assert speaking_seconds([*FINAL, TimelineSegment(9000, 9500, None), TimelineSegment(9500, 9750, 0)]) == {0: 4.25, 1: 5.0}


def test_with_a_reference_there_are_lanes_for_it_and_for_the_final_and_online_timelines():
    assert [lane.label for lane in lanes(panel((0, 4, "anna"), (4, 9, "bert")))] == [
        "reference  anna",
        "reference  bert",
        "final  speaker 0",
        "final  speaker 1",
        "online  speaker 0",
    ]


def test_voices_of_the_reference_have_the_colour_of_the_speaker_they_share_most_time_with():
    drawn = {lane.label: lane.colour for lane in lanes(panel((4, 9, "anna"), (0, 4, "bert"), (3, 5, "carl")))}
    assert drawn["reference  anna"] == drawn["final  speaker 1"]
    assert drawn["reference  bert"] == drawn["final  speaker 0"]
    assert drawn["reference  carl"] == OTHER_COLOUR


def test_channels_are_in_the_names_of_lanes():
    segments = [TimelineSegment(0, 1000, 0), TimelineSegment(500, 2000, 1)]
    call = Panel("call", 2.0, segments, segments, channel_of={0: 1, 1: 2})
    assert [lane.label for lane in lanes(call)] == ["speaker 0 (channel 1)", "speaker 1 (channel 2)"]


def test_what_was_heard_stands_below_the_reference_and_below_what_there_was_of_it():
    true, heard = Segmentation(overlaps=[(3, 4, 1.0)]), Segmentation(changes=[(4, 4, 0.5)], pauses=[(8, 9, 1.0)])
    drawn = {lane.label: lane for lane in lanes(panel((0, 4, "anna"), (4, 9, "bert"), true=true, heard=heard))}

    assert list(drawn) == [
        "reference  anna",
        "reference  bert",
        "reference  overlap",
        "heard  overlap",
        "reference  changes",
        "heard  changes",
        "heard  pauses",
        "final  speaker 0",
        "final  speaker 1",
        "online  speaker 0",
    ]
    assert [label for label, lane in drawn.items() if lane.begins_block] == [
        "reference  anna",
        "reference  overlap",
        "final  speaker 0",
        "online  speaker 0",
    ]
    assert drawn["reference  overlap"].bars == [(3, 4, 1.0)]
    assert drawn["heard  changes"].bars == [(4, 4, 0.5)]
    assert drawn["heard  overlap"].bars == ()


def test_of_a_chain_without_segmentation_only_the_reference_is_drawn():
    drawn = [lane.label for lane in lanes(panel((0, 4, "anna"), true=Segmentation()))]

    assert "reference  overlap" in drawn
    assert not [label for label in drawn if label.startswith("heard")]


def test_lanes_have_the_names_of_those_who_are_recognized():
    assert [lane.label for lane in lanes(panel(names={1: "Anna"}))] == ["speaker 0", "Anna"]
