from dataclasses import replace

import pytest

from speaker_tracker.results.formats import FORMATS, picture_of
from speaker_tracker.results.rttm import Turn

pytest.importorskip("matplotlib")


def height(png):
    return int.from_bytes(png[20:24], "big")


def test_it_is_a_png(tracked):
    assert FORMATS["png"].render(tracked).startswith(b"\x89PNG")


def test_several_files_are_below_each_other(tracked, silent):
    assert height(picture_of([tracked, silent])) > height(picture_of([tracked]))


def test_only_the_reference_of_the_same_file_is_drawn(tracked):
    plain, other, own = (
        height(picture_of([replace(tracked, reference=[Turn(uri, 0.0, 1.0, "anna")])])) if uri else height(picture_of([tracked]))
        for uri in ("", "another", tracked.uri)
    )
    assert plain == other < own
