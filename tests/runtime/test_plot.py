import pytest

from speaker_tracker.errors import MissingExtraError
from speaker_tracker.events import TimelineSegment
from speaker_tracker.plot import OTHER_COLOUR, Panel, check_installed, draw
from speaker_tracker.plot import _lanes as lanes
from speaker_tracker.rttm import Turn

FINAL = [TimelineSegment(0, 4000, 0), TimelineSegment(4000, 9000, 1)]


def panel(*reference, final=FINAL, title="talk.wav"):
    return Panel(title, 10.0, [TimelineSegment(0, 9000, 0)], final, [Turn("talk", *turn) for turn in reference])


@pytest.mark.parametrize(
    "panels",
    [
        [panel()],
        [panel((0, 4, "anna")), panel()],
        [Panel("silence.wav", 3.0, [], [])],
        [Panel("long.wav", 3 * 3600.0, FINAL, FINAL)],
        [panel((0, 4, "$an{na"), title="$ta_lk$^.wav")],
        [panel(), Panel("two.wav", 9.0, FINAL, FINAL, times=[1.0, 2.0], similarities={0: [0.5, 0.9], 1: [-0.1, 0.2]}), panel()],
    ],
)
def test_a_picture_is_drawn(panels):
    pytest.importorskip("matplotlib")
    assert draw(panels).startswith(b"\x89PNG")


def test_there_is_a_lane_a_speaker_for_reference_final_and_online():
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


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError) as raised:
        check_installed()
    assert str(raised.value) == "a plot needs matplotlib, which is not installed; run: pip install 'speaker-tracker[plot]'"
