from dataclasses import replace

import pytest

from speaker_tracker.cli.stream.parts import JoinedParts
from speaker_tracker.client import (
    Disconnected,
    OtherVoices,
    Part,
    PartSpeaker,
    Reconnected,
    Report,
    Segment,
    SpeakerUpdate,
    TimelineUpdate,
)
from speaker_tracker.protocol import OtherVoicesTotal, ReportMessage, SegmentMessage, SpeakerMessage, SpeakerTotal, TimelineMessage
from support.voices import voiceprint

FIRST = Part(0, 0, 3000, reported=False, speaking_ms={0: 700, 1: 300}, segments=(Segment(1000, 1700, 0), Segment(1700, 2000, 1)))
SECOND = Part(1, 3000, 1000, reported=True, speaking_ms={0: 900}, segments=(Segment(3100, 4000, 0),))


@pytest.fixture
def joined():
    return JoinedParts(2)


def ended(joined, lost_ms):
    """The first part is over, and the second has begun."""
    joined.timeline(TimelineUpdate(0, 2500, (Segment(0, 1700, 0), Segment(1700, 2500, 1))))
    joined.end_part(Disconnected(0, "the line went dead"))
    joined.begin_part(Reconnected(1, 3000, lost_ms), FIRST)
    return joined


def test_messages_of_a_single_part_equal_those_of_its_server(joined):
    assert joined.speaker(SpeakerUpdate(0, 1, {0: 5, 1: 7})) == SpeakerMessage(currentSpeakerId=1, speakingTimeMs={0: 5, 1: 7})
    assert joined.timeline(TimelineUpdate(0, 500, (Segment(0, 500, None),))) == TimelineMessage(
        audioMs=500, segments=[SegmentMessage(startMs=0, endMs=500, speakerId=None)]
    )
    report = Report(
        (Part(0, 0, 500, reported=True, speaking_ms={1: 7}, segments=(Segment(1, 8, 1),)),), finished=True, complete=True
    )
    assert joined.end(report) == ReportMessage(
        speakers=[SpeakerTotal(id=1, totalTimeMs=7)], segments=[SegmentMessage(startMs=1, endMs=8, speakerId=1)]
    )
    assert joined.notes == []


def test_speakers_of_a_later_part_are_others_and_what_they_spoke_adds_up(joined):
    ended(joined, 500)
    assert joined.first_speaker(1) == 2
    assert joined.speaker(SpeakerUpdate(1, None, {})) == SpeakerMessage(currentSpeakerId=None, speakingTimeMs={0: 700, 1: 300})
    assert joined.speaker(SpeakerUpdate(1, 0, {0: 100})) == SpeakerMessage(
        currentSpeakerId=2, speakingTimeMs={0: 700, 1: 300, 2: 100}
    )
    message = joined.timeline(TimelineUpdate(1, 3500, (Segment(3000, 3100, None), Segment(3100, 3500, 0))))
    assert [segment.speakerId for segment in message.segments] == [None, 2]
    report = joined.end(Report((FIRST, SECOND), finished=True, complete=False))
    assert [(speaker.id, speaker.totalTimeMs) for speaker in report.speakers] == [(0, 700), (1, 300), (2, 900)]
    assert [(segment.startMs, segment.speakerId) for segment in report.segments] == [(1000, 0), (1700, 1), (3100, 2)]


def test_what_was_lost_is_noted_and_in_the_document(joined):
    (note,) = ended(joined, 500).notes
    report = Report((FIRST, SECOND), finished=True, complete=False)
    joined.end(report)
    assert joined.notes == [note]
    assert note == (
        "the line went dead; another session goes on at 0:03.0, and its speakers are numbered from 2 on, also whoever was heard "
        "before; 0.50 s of audio before that have no label"
    )
    assert joined.as_documents(report) == [
        {"offsetMs": 0, "sentMs": 3000, "lostMs": 500, "reported": False, "firstSpeakerId": 0, "knownAgain": []},
        {"offsetMs": 3000, "sentMs": 1000, "lostMs": 0, "reported": True, "firstSpeakerId": 2, "knownAgain": []},
    ]


def test_where_nothing_was_lost_none_is_said_to_be(joined):
    (note,) = ended(joined, 0).notes
    assert note.endswith("whoever was heard before")


@pytest.mark.parametrize(("sent_ms", "notes"), [(2500, []), (3250, ["the last 0.75 s of audio have no label"])])
def test_what_is_lost_of_a_part_that_was_never_reported_is_noted(joined, sent_ms, notes):
    joined.timeline(TimelineUpdate(0, 2500, (Segment(0, 2500, 0),)))
    part = Part(0, 0, sent_ms, reported=False, speaking_ms={0: 2500}, segments=(Segment(0, 2500, 0),))
    joined.end(Report((part,), finished=False, complete=False))
    assert joined.notes == notes


def test_other_voices_add_up_in_time_and_may_be_the_same_in_each_part(joined):
    first, second = (replace(part, others=others) for part, others in ((FIRST, OtherVoices(500, 2)), (SECOND, OtherVoices(300, 1))))
    joined.end_part(Disconnected(0, "the line went dead"))
    joined.begin_part(Reconnected(1, 3000, 0), first)
    assert joined.timeline(TimelineUpdate(1, 3500, (), OtherVoices(100, 1))).others == OtherVoicesTotal(totalTimeMs=600, voices=2)
    report = joined.end(Report((first, second), finished=True, complete=False))
    assert report.others == OtherVoicesTotal(totalTimeMs=800, voices=2)


AGAIN = replace(
    SECOND, speaking_ms={0: 900, 1: 50}, names={0: "Anna"}, same_as={0: PartSpeaker(0, 1)}, voiceprints={0: voiceprint(2.0, 9.0)}
)


def test_who_is_known_again_keeps_id_and_name_and_what_they_spoke_adds_up(joined):
    first = replace(FIRST, names={1: "Anna"}, voiceprints={0: voiceprint(1.0, 8.0), 1: voiceprint(1.0, 12.0)})
    joined.end_part(Disconnected(0, "the line went dead"))
    joined.begin_part(Reconnected(1, 3000, 0), first)
    same = AGAIN.same_as
    assert joined.speaker(SpeakerUpdate(1, 0, {0: 100})).speakingTimeMs == {0: 700, 1: 300, 2: 100}
    assert joined.speaker(SpeakerUpdate(1, 0, {0: 150}, "Anna", same)) == SpeakerMessage(
        currentSpeakerId=1, speakingTimeMs={0: 700, 1: 450}, currentName="Anna"
    )
    message = joined.timeline(TimelineUpdate(1, 3500, (Segment(3100, 3500, 0), Segment(3500, 3600, 1)), None, {0: "Anna"}, same))
    assert [(each.speakerId, each.name) for each in message.segments] == [(1, "Anna"), (3, None)]
    report = Report((first, AGAIN), finished=True, complete=False)
    told = joined.end(report)
    assert [(each.id, each.totalTimeMs, each.name) for each in told.speakers] == [(0, 700, None), (1, 1200, "Anna"), (3, 50, None)]
    assert [(each.startMs, each.speakerId, each.name) for each in told.segments] == [
        (1000, 0, None), (1700, 1, "Anna"), (3100, 1, "Anna")
    ]  # fmt: skip
    assert joined.voiceprints == {0: voiceprint(1.0, 8.0), 1: voiceprint(1.0, 12.0)}
    assert [each["knownAgain"] for each in joined.as_documents(report)] == [[], [1]]
    assert joined.notes == [
        "the line went dead; another session goes on at 0:03.0; speaker 1 was known again, and others are numbered from 2 on"
    ]
