import pytest

from speaker_tracker.client import Hint, Part, Reconnected, Report, Segment, SpeakerUpdate, TimelineUpdate
from speaker_tracker.client.parts import Parts
from speaker_tracker.protocol import (
    HintMessage,
    ReportMessage,
    SegmentMessage,
    SpeakerMessage,
    SpeakerTotal,
    StartedMessage,
    TimelineMessage,
)


def timeline(audio_ms, *segments):
    return TimelineMessage(
        audioMs=audio_ms, segments=[SegmentMessage(startMs=start, endMs=end, speakerId=who) for start, end, who in segments]
    )


def segments(*of):
    return tuple(Segment(*each) for each in of)


def test_messages_become_events():
    part = Parts(timeline=True).current
    assert part.add(StartedMessage(num_speakers=2)) is None
    assert part.add(SpeakerMessage(currentSpeakerId=1, speakingTimeMs={0: 5, 1: 7})) == SpeakerUpdate(0, 1, {0: 5, 1: 7})
    assert part.add(timeline(500, (0, 400, 1))) == TimelineUpdate(0, 500, segments((0, 400, 1)))
    assert part.add(HintMessage(code="stereo", message="two channels")) == Hint(0, "stereo", "two channels")
    assert part.add(ReportMessage(speakers=[])) is None


def test_one_session_that_was_stopped_is_complete():
    parts = Parts(timeline=True)
    report = ReportMessage(
        speakers=[SpeakerTotal(id=0, totalTimeMs=400)], segments=[SegmentMessage(startMs=0, endMs=400, speakerId=0)]
    )
    parts.current.add(report)
    whole = Part(0, 0, 1000, reported=True, speaking_ms={0: 400}, segments=segments((0, 400, 0)))
    assert parts.report(1000, stopped=True) == Report((whole,), finished=True, complete=True)
    assert parts.report(1000, stopped=False) == Report((whole,), finished=False, complete=False)


def test_a_lost_session_has_its_last_state():
    parts = Parts(timeline=True)
    parts.current.add(timeline(1000, (0, 300, None), (300, 900, 0)))
    parts.current.add(timeline(2000, (500, 1500, 1), (900, 1800, 0)))
    parts.current.add(timeline(2500, (1000, 1200, None)))
    parts.current.add(SpeakerMessage(currentSpeakerId=0, speakingTimeMs={0: 1, 1: 2}))
    (part,) = parts.report(3000, stopped=False).parts
    assert part.segments == segments((300, 500, 0), (500, 1000, 1), (900, 1000, 0), (1200, 1500, 1), (1200, 1800, 0))
    assert part.speaking_ms == {0: 1, 1: 2}
    assert not part.reported


def test_times_of_a_later_session_are_on_the_same_clock():
    parts = Parts(timeline=True)
    parts.current.add(timeline(1500, (0, 1000, 0), (1000, 1200, None)))
    assert parts.begin_next(2000) == Reconnected(1, 2000, lost_ms=800)
    assert parts.current.add(SpeakerMessage(currentSpeakerId=0, speakingTimeMs={0: 500})) == SpeakerUpdate(1, 0, {0: 500})
    assert parts.current.add(timeline(600, (0, 500, 0))) == TimelineUpdate(1, 2600, segments((2000, 2500, 0)))
    assert parts.begin_next(2500) == Reconnected(2, 2500, lost_ms=0)
    parts.current.add(
        ReportMessage(speakers=[SpeakerTotal(id=0, totalTimeMs=90)], segments=[SegmentMessage(startMs=10, endMs=100, speakerId=0)])
    )
    assert parts.report(3000, stopped=True) == Report(
        (
            Part(0, 0, 2000, reported=False, speaking_ms={}, segments=segments((0, 1000, 0))),
            Part(1, 2000, 500, reported=False, speaking_ms={0: 500}, segments=segments((2000, 2500, 0))),
            Part(2, 2500, 500, reported=True, speaking_ms={0: 90}, segments=segments((2510, 2600, 0))),
        ),
        finished=True,
        complete=False,
    )


def test_a_session_that_said_nothing_lost_all_of_its_audio():
    parts = Parts(timeline=True)
    parts.begin_next(700)
    assert parts.begin_next(1000) == Reconnected(2, 1000, lost_ms=300)


def test_without_a_timeline_nobody_knows_what_was_lost():
    parts = Parts(timeline=False)
    parts.current.add(SpeakerMessage(currentSpeakerId=0, speakingTimeMs={0: 500}))
    assert parts.begin_next(1000) == Reconnected(1, 1000, lost_ms=None)
    assert [part.segments for part in parts.report(1000, stopped=True).parts] == [None, None]


def test_labelled_audio_and_old_audio_count_as_acknowledged():
    parts = Parts(timeline=True)
    parts.begin_next(1000)
    part = parts.current
    assert part.certain_ms == 1000
    part.add(timeline(3000, (0, 400, None), (400, 2500, 1)))
    assert part.certain_ms == 3500
    part.add(timeline(7000, (1000, 2000, 0)))
    assert part.certain_ms == 3500
    part.add(timeline(9000))
    assert part.certain_ms == 5000
    part.add(timeline(3000))
    assert part.certain_ms == 5000


@pytest.mark.parametrize(("end", "certain"), [(8000, 9000), (9010, 9010)])
def test_a_report_answers_for_all_that_its_server_heard(end, certain):
    part = Parts(timeline=True).current
    part.add(timeline(9000, (0, 1000, 0)))
    part.add(ReportMessage(speakers=[], segments=[SegmentMessage(startMs=0, endMs=end, speakerId=0)]))
    assert part.certain_ms == certain


def test_a_part_ends_where_the_next_begins():
    parts = Parts(timeline=True)
    parts.current.add(
        ReportMessage(
            speakers=[SpeakerTotal(id=0, totalTimeMs=1009)],
            segments=[SegmentMessage(startMs=0, endMs=1009, speakerId=0), SegmentMessage(startMs=1001, endMs=1009, speakerId=1)],
        )
    )
    parts.begin_next(1000)
    assert parts.report(1000, stopped=False).parts[0].segments == segments((0, 1000, 0))


def test_of_speakers_who_speak_at_once_each_ends_where_the_next_part_begins():
    parts = Parts(timeline=True)
    parts.current.add(timeline(2000, (0, 1500, 0), (800, 1200, 1), (1100, 1500, 2)))
    parts.begin_next(1000)
    (before, _) = parts.report(2000, stopped=False).parts
    assert before.segments == segments((0, 1000, 0), (800, 1000, 1))


def test_a_later_message_replaces_all_speakers_of_what_it_covers():
    parts = Parts(timeline=True)
    parts.current.add(timeline(2000, (0, 1500, 0), (800, 1200, 1)))
    parts.current.add(timeline(2500, (1000, 1400, 0), (1300, 1400, 2)))
    (part,) = parts.report(2500, stopped=False).parts
    assert part.segments == segments((0, 1500, 0), (800, 1000, 1), (1300, 1400, 2))


def test_times_without_their_timeline_belong_to_audio_that_is_sent_again():
    parts = Parts(timeline=True)
    parts.current.add(SpeakerMessage(currentSpeakerId=0, speakingTimeMs={0: 500}))
    parts.current.add(timeline(500, (0, 500, 0)))
    parts.current.add(SpeakerMessage(currentSpeakerId=0, speakingTimeMs={0: 1000}))
    assert parts.report(2000, stopped=False).parts[0].speaking_ms == {0: 1000}
    parts.begin_next(500)
    assert parts.report(2000, stopped=False).parts[0].speaking_ms == {0: 500}


def test_a_session_without_timeline_acknowledges_no_audio_and_its_times_hold():
    parts = Parts(timeline=True)
    assert parts.current.acknowledges
    for ms in (500, 1000):
        parts.current.add(SpeakerMessage(currentSpeakerId=0, speakingTimeMs={0: ms}))
    assert not parts.current.acknowledges
    assert parts.begin_next(1000) == Reconnected(1, 1000, lost_ms=1000)
    assert parts.report(1000, stopped=False).parts[0].speaking_ms == {0: 1000}
    assert parts.current.acknowledges
    assert not Parts(timeline=False).current.acknowledges
