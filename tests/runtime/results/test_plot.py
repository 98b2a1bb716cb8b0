from io import BytesIO

import numpy as np
import pytest

from speaker_tracker.errors import MissingExtraError
from speaker_tracker.events import TimelineSegment
from speaker_tracker.results.plot import COLOURS, MAX_PANELS, OTHER_COLOUR, Panel, check_installed, clock, draw, speaking_seconds
from speaker_tracker.results.plot import _lanes as lanes
from speaker_tracker.results.rttm import Turn

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
        [panel(title=f"a name that goes on and on {'and on ' * 40}.wav")],
        [panel(), Panel("two.wav", 9.0, FINAL, FINAL, times=[1.0, 2.0], similarities={0: [0.5, 0.9], 1: [-0.1, 0.2]}), panel()],
    ],
)
def test_a_picture_is_drawn(panels):
    pytest.importorskip("matplotlib")
    assert draw(panels).startswith(b"\x89PNG")


def size(png):
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


def pixels(png):
    """Colours as ``#rrggbb``, and how many pixels have each."""
    image = pytest.importorskip("matplotlib.image").imread(BytesIO(png), format="png")
    colours, counts = np.unique((image[..., :3] * 255).round().astype(int).reshape(-1, 3), axis=0, return_counts=True)
    return {"#{:02X}{:02X}{:02X}".format(*colour): int(count) for colour, count in zip(colours, counts, strict=True)}


def test_it_is_as_wide_as_a_page_however_long_the_file_is():
    pytest.importorskip("matplotlib")
    short, long = draw([panel()]), draw([Panel("long.wav", 3 * 3600.0, FINAL, FINAL)])
    assert size(short) == size(long)


def test_a_picture_that_explains_is_wider_so_that_moments_can_be_told_apart():
    pytest.importorskip("matplotlib")
    explained = Panel("long.wav", 300.0, FINAL, FINAL, times=[1.0], similarities={0: [0.5]})
    assert size(draw([explained]))[0] > size(draw([panel()]))[0]


def test_the_most_files_that_are_allowed_can_be_drawn():
    pytest.importorskip("matplotlib")
    five = [TimelineSegment(1000 * speaker, 1000 * speaker + 900, speaker) for speaker in range(5)]
    assert draw([panel(final=five)] * MAX_PANELS).startswith(b"\x89PNG")


def test_each_speaker_has_a_colour_on_white():
    five = [TimelineSegment(1000 * speaker, 1000 * speaker + 900, speaker) for speaker in range(5)]
    drawn = pixels(draw([panel(final=five)]))
    assert all(drawn.get(colour.upper(), 0) > 1000 for colour in COLOURS)
    assert drawn["#FFFFFF"] > sum(drawn.values()) / 2


def test_there_is_a_lane_a_speaker():
    assert [lane.label for lane in lanes(panel())] == ["speaker 0", "speaker 1"]


def test_totals_are_those_of_the_final_timeline():
    assert speaking_seconds([*FINAL, TimelineSegment(9000, 9500, None), TimelineSegment(9500, 9750, 0)]) == {0: 4.25, 1: 5.0}


@pytest.mark.parametrize(
    ("seconds", "halves", "text"),
    [(0, False, "0:00"), (59.6, False, "1:00"), (3723, False, "1:02:03"), (1.5, True, "0:01.5"), (61, True, "1:01.0")],
)
def test_times_are_formatted_as_on_a_clock(seconds, halves, text):
    assert clock(seconds, halves=halves) == text


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


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError) as raised:
        check_installed()
    assert str(raised.value) == "a plot needs matplotlib, which is not installed; run: pip install 'speaker-tracker[plot]'"


def test_channels_are_in_the_names_of_lanes():
    segments = [TimelineSegment(0, 1000, 0), TimelineSegment(500, 2000, 1)]
    call = Panel("call", 2.0, segments, segments, channel_of={0: 1, 1: 2})
    assert [lane.label for lane in lanes(call)] == ["speaker 0 (channel 1)", "speaker 1 (channel 2)"]
    assert draw([call]).startswith(b"\x89PNG")
