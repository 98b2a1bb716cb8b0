import re
import xml.etree.ElementTree as ET

import pytest

from speaker_tracker.results.timeline_svg import LEAST_BAR, LEFT, RIGHT, WIDTH, Bar, clock, timeline_svg

SVG = "{http://www.w3.org/2000/svg}"


def bars(picture):
    return [each for each in ET.fromstring(picture).iter(f"{SVG}rect") if each.get("rx") is None]


def test_bars_lie_where_somebody_speaks():
    first, second = bars(timeline_svg({"a": [Bar(0, 5000)], "b": [Bar(5000, 10_000)]}, {"a": 5000, "b": 5000}, 10_000))
    assert float(first.get("x")) == LEFT
    assert float(second.get("x")) + float(second.get("width")) == WIDTH - RIGHT
    assert first.get("y") != second.get("y")
    assert first.get("fill") != second.get("fill")


def test_the_shortest_turn_can_be_seen():
    (bar,) = bars(timeline_svg({"a": [Bar(0, 1)]}, {}, 36_000_000))
    assert float(bar.get("width")) == LEAST_BAR


def test_what_is_uncertain_is_fainter():
    sure, unsure = bars(timeline_svg({"a": [Bar(0, 1000, 1.0), Bar(1000, 2000, 0.2)]}, {}, 2000))
    assert float(sure.get("opacity")) == 1
    assert float(unsure.get("opacity")) < 0.5


def test_text_has_the_colour_of_the_page_so_that_dark_ones_do():
    picture = timeline_svg({"a": [Bar(0, 1000)]}, {}, 1000)
    assert 'fill="currentColor"' in picture
    assert not re.search(r'<text[^>]* fill="#', picture)
    assert "<script" not in picture


@pytest.mark.parametrize("seconds", [0, 0.4, 7, 59, 600, 5000, 86_400, 1_000_000])
def test_there_are_a_few_ticks_whatever_the_length(seconds):
    assert 1 <= timeline_svg({}, {}, int(seconds * 1000)).count("<line") <= 11


def test_nobody_is_said_in_words():
    assert timeline_svg({}, {}, 1000).count("nobody speaks") == 2  # the title as well


def test_a_long_name_is_shortened_and_whole_where_it_is_pointed_at():
    picture = timeline_svg({"a" * 50: []}, {}, 1000)
    assert f">{'a' * 19}…<" in picture
    assert f"<title>{'a' * 50}</title>" in picture


def test_times_are_written_as_on_a_clock():
    assert [clock(seconds) for seconds in (0, 59.6, 61, 3723)] == ["0:00", "1:00", "1:01", "1:02:03"]
