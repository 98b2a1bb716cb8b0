from collections import Counter
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest

from speaker_tracker.errors import MissingExtraError
from speaker_tracker.events import TimelineSegment
from speaker_tracker.results.colours import COLOURS
from speaker_tracker.results.panel import CHANGE_COLOUR, OVERLAP_COLOUR, PAUSE_COLOUR, Panel
from speaker_tracker.results.plot import MAX_PANELS, check_installed, clock, draw
from speaker_tracker.results.rttm import Turn
from speaker_tracker.results.segmentation import Segmentation

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
    """Colours as ``#RRGGBB``, and how many pixels have each."""
    image = pytest.importorskip("matplotlib.image").imread(BytesIO(png), format="png")
    colours, counts = np.unique((image[..., :3] * 255).round().astype(int).reshape(-1, 3), axis=0, return_counts=True)
    return Counter({"#{:02X}{:02X}{:02X}".format(*colour): int(count) for colour, count in zip(colours, counts, strict=True)})


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


@pytest.mark.parametrize(
    ("seconds", "halves", "text"),
    [(0, False, "0:00"), (59.6, False, "1:00"), (3723, False, "1:02:03"), (1.5, True, "0:01.5"), (61, True, "1:01.0")],
)
def test_times_are_formatted_as_on_a_clock(seconds, halves, text):
    assert clock(seconds, halves=halves) == text


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError) as raised:
        check_installed()
    assert str(raised.value) == "a plot needs matplotlib, which is not installed; run: pip install 'speaker-tracker[plot]'"


def heard(probability=1.0, pause=2.0):
    return Segmentation(
        overlaps=[(1.0, 1.5, probability), (1.5, 2.0, probability), (6.0, 7.0, probability)],
        changes=[(4.0, 4.0, probability)],
        pauses=[(5.0, 5.0 + pause, 1.0)],
    )


def explained(**segmentations):
    return pixels(draw([replace(panel((0, 4, "anna")), **segmentations)]))


def test_what_was_heard_has_colours_of_its_own():
    drawn = explained(heard=heard())

    assert all(drawn.get(colour, 0) > 100 for colour in (OVERLAP_COLOUR, CHANGE_COLOUR, PAUSE_COLOUR))
    assert OVERLAP_COLOUR not in explained()


def test_overlap_is_as_high_as_it_is_probable():
    whole, half = (explained(heard=heard(probability))[OVERLAP_COLOUR] for probability in (1.0, 0.5))

    assert half == pytest.approx(whole / 2, rel=0.1)


def test_the_shortest_pause_can_be_seen():
    def dark(drawn):
        return sum(count for colour, count in drawn.items() if max(int(colour[at : at + 2], 16) for at in (1, 3, 5)) < 0xC0)

    assert dark(explained(heard=Segmentation(pauses=[(5.0, 5.001, 1.0)]))) >= dark(explained(heard=Segmentation())) + 20


def test_overlap_in_the_reference_is_marked_in_all_lanes():
    plain, marked = explained(true=Segmentation()), explained(true=heard())
    (tint,) = [colour for colour, count in (marked - plain).most_common(2) if colour != OVERLAP_COLOUR]

    assert int(tint[1:3], 16) > int(tint[5:7], 16) > 0xC0
    assert marked[tint] > marked[OVERLAP_COLOUR]
