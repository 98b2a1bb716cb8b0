import builtins
import re
import xml.etree.ElementTree as ET

import pytest

from speaker_tracker.client import Part, PartSpeaker, Report, Segment
from speaker_tracker.errors import MissingExtraError, UserError


def report(*parts):
    return Report(parts, finished=True, complete=len(parts) == 1)


def part(*segments, number=0, offset_ms=0, **more):
    spoken = {}
    for start, end, speaker, *_ in segments:
        spoken[speaker] = spoken.get(speaker, 0) + end - start
    return Part(number, offset_ms, 10_000, True, spoken, tuple(Segment(*each) for each in segments), **more)


PLAIN = report(part((0, 2000, 0), (2000, 3500, 1, 0.75), (1500, 4000, 0)))
TIMELESS = report(Part(0, 0, 10_000, True, {0: 1000}, None))
NAMED = report(part((0, 1000, 0), (1000, 2000, 1), names={0: "<b>Anna & Max</b>", 1: "<b>Anna & Max</b>"}))
TWICE = report(
    part((0, 1000, 0), (1000, 2000, 1), names={1: "Anna"}),
    part((10_000, 11_000, 0), (11_000, 12_000, 1), (12_000, 13_000, 2), number=1, offset_ms=10_000,
         same_as={0: PartSpeaker(0, 1), 1: PartSpeaker(0, 0)}),
)  # fmt: skip


def test_rttm_has_a_line_for_each_segment():
    assert PLAIN.to_rttm("my talk") == (
        "SPEAKER my_talk 1 0.000 2.000 <NA> <NA> speaker_0 <NA> <NA>\n"
        "SPEAKER my_talk 1 2.000 1.500 <NA> <NA> speaker_1 0.750 <NA>\n"
        "SPEAKER my_talk 1 1.500 2.500 <NA> <NA> speaker_0 <NA> <NA>\n"
    )


def test_a_table_has_a_row_for_each_segment():
    table = PLAIN.to_pandas()
    assert list(table.columns) == ["start", "end", "label", "part", "speaker", "confidence"]
    assert table.iloc[1].tolist() == [2.0, 3.5, "speaker 1", 0, 1, 0.75]
    assert table["confidence"].isna().tolist() == [True, False, True]
    assert table.groupby("speaker")["start"].min().to_dict() == {0: 0.0, 1: 2.0}


def test_a_table_of_nobody_has_its_columns():
    assert report(part()).to_pandas().dtypes.astype(str).to_dict() == PLAIN.to_pandas().dtypes.astype(str).to_dict()


def test_an_annotation_keeps_overlapping_segments():
    annotation = PLAIN.to_annotation("talk")
    assert annotation.uri == "talk"
    assert annotation.chart() == [("speaker 0", 4.0), ("speaker 1", 1.5)]
    assert len(annotation) == 3


def test_speakers_of_parts_are_told_apart_and_known_again():
    labels = [line.split()[7] for line in TWICE.to_rttm().splitlines()]
    assert labels == ["speaker_0_of_part_0", "Anna", "Anna", "speaker_0_of_part_0", "speaker_2_of_part_1"]


def test_two_speakers_of_one_name_are_told_apart():
    assert set(NAMED.to_pandas()["label"]) == {"<b>Anna & Max</b>", "<b>Anna & Max</b> (1)"}


@pytest.mark.parametrize("view", ["to_rttm", "to_pandas", "to_annotation"])
def test_without_timeline_there_is_nothing_to_view(view):
    with pytest.raises(UserError, match="timeline=True"):
        getattr(TIMELESS, view)()


@pytest.mark.parametrize(
    ("view", "package", "extra"), [("to_pandas", "pandas", "notebook"), ("to_annotation", "pyannote", "evaluate")]
)
def test_a_package_that_is_missing_is_named_with_its_extra(monkeypatch, view, package, extra):
    whole = builtins.__import__

    def without(name, *more):
        if name.partition(".")[0] == package:
            raise ImportError(name)
        return whole(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=rf"speaker-tracker\[{extra}\]"):
        getattr(PLAIN, view)()


@pytest.mark.parametrize("shown", [PLAIN, TIMELESS, NAMED, TWICE, report(part()), report()])
def test_a_picture_is_well_formed_and_so_is_what_a_notebook_shows(shown):
    ET.fromstring(shown._repr_svg_())
    ET.fromstring(shown._repr_html_())


def test_a_picture_has_a_bar_for_each_segment_and_a_legend_with_times():
    picture = PLAIN._repr_svg_()
    assert picture.count("<rect") == 3 + 2
    assert re.findall(r">(speaker \d|\d:\d\d)<", picture)[-5:] == ["speaker 0", "0:05", "speaker 1", "speaker 1", "0:02"]


def test_names_are_escaped():
    assert "<b>" not in NAMED._repr_html_()
    assert "&lt;b&gt;Anna" in NAMED._repr_html_()


def test_a_picture_without_timeline_has_the_legend():
    assert "0:01" in TIMELESS._repr_svg_()
