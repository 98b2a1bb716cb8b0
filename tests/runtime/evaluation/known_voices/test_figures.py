from math import inf

import pytest

from speaker_tracker.evaluation.known_voices.figures import (
    CutFigures,
    NamedPeople,
    SpeechNames,
    Strangers,
    cut_figures,
    named_people,
    strangers,
)
from speaker_tracker.evaluation.known_voices.names_told import NamesTold
from speaker_tracker.protocol import ReportMessage, SegmentMessage, TimelineMessage
from speaker_tracker.results.rttm import Turn

REFERENCE = [
    Turn("one", 0.0, 10.0, "anna"),
    Turn("one", 10.0, 16.0, "bert"),
    Turn("one", 16.0, 18.0, "carl"),
    Turn("one", 18.0, 28.0, "dora"),
]
"""Carl speaks too little to count as a person."""


def segment(start, end, who, name=None):
    return SegmentMessage(startMs=1000 * start, endMs=1000 * end, speakerId=who, name=name)


@pytest.fixture
def told():
    told = NamesTold(REFERENCE, 28.0)
    told.add(TimelineMessage(audioMs=3000, segments=[segment(0, 2, 0, "anna")]))
    told.add(TimelineMessage(audioMs=15_000, segments=[segment(10, 14, 1, "bert")]))
    final = [segment(0, 10, 0, "anna"), segment(10, 16, 1), segment(16, 18, 2, "anna"), segment(18, 22, 2, "anna")]
    told.add(ReportMessage(speakers=[], segments=[*final, segment(22, 28, 3)]))
    return told


def test_people_are_named_in_time_late_or_never(told):
    named = named_people(told, {"anna", "bert", "carl", "dora", "ella"})
    assert named == NamedPeople((3.0, 5.0, inf), SpeechNames(right=10.0, wrong=6.0, none=12.0))
    assert named.in_time == pytest.approx(1 / 3)
    assert named.median_seconds == 5.0


def test_only_known_people_count(told):
    assert named_people(told, {"dora"}) == NamedPeople((inf,), SpeechNames(wrong=4.0, none=6.0))
    nobody = named_people(told, ())
    assert (nobody.in_time, nobody.median_seconds, nobody.speech.share(0.0)) == (None, None, None)


def test_strangers_who_are_called_by_a_name_are_counted_with_their_time(told):
    found = strangers(told)
    assert found == Strangers(people=3, ever=2, final=2, ever_total=6.0, ever_seconds=6.0, final_total=26.0, final_seconds=14.0)
    assert found.shares == pytest.approx((2 / 3, 2 / 3, 1.0, 14 / 26))
    assert Strangers().shares == (None, None, None, None)


def test_after_a_cut_people_are_matched_taken_for_another_or_new(told):
    assert cut_figures(told, {"anna", "bert", "dora", "carl"}) == CutFigures(
        files=1, matched=1, wrong=0, new=2, speech=SpeechNames(right=10.0, wrong=6.0, none=12.0)
    )
    assert cut_figures(told, {"dora"}).new == 1


def test_whoever_is_mostly_called_by_anothers_name_is_wrong(told):
    told.add(ReportMessage(speakers=[], segments=[segment(22, 28, 2, "bert")]))
    assert cut_figures(told, {"dora"}) == CutFigures(files=1, wrong=1, speech=SpeechNames(wrong=10.0))


def test_figures_add_up_over_conversations(told):
    assert named_people(told, {"anna"}) + named_people(told, {"bert"}) == named_people(told, {"anna", "bert"})
    both = strangers(told) + strangers(told)
    assert (both.people, both.final_seconds) == (6, 28.0)
    assert (cut_figures(told, {"anna"}) + cut_figures(told, {"bert"})).people == 2
