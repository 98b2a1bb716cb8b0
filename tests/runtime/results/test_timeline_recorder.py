import pytest

from speaker_tracker.events import TimelineSegment
from speaker_tracker.protocol import ReportMessage, SegmentMessage, SpeakerMessage, SpeakerTotal, TimelineMessage
from speaker_tracker.results.timeline_recorder import TimelineRecorder


def timeline(audio_ms, *segments):
    return TimelineMessage(
        audioMs=audio_ms, segments=[SegmentMessage(startMs=start, endMs=end, speakerId=who) for start, end, who in segments]
    )


def tuples(segments):
    return [(segment.start_ms, segment.end_ms, segment.speaker) for segment in segments]


@pytest.fixture
def recorder():
    return TimelineRecorder()


def test_the_first_label_of_an_instant_is_never_corrected_online(recorder):
    recorder.add(timeline(1000, (0, 1000, 0)))
    recorder.add(timeline(2000, (500, 1000, 1), (1000, 2000, 1)))
    assert tuples(recorder.online) == [(0, 1000, 0), (1000, 2000, 1)]


def test_nobody_counts_as_a_first_label(recorder):
    recorder.add(timeline(1000, (0, 1000, None)))
    recorder.add(timeline(2000, (500, 2000, 0)))
    assert tuples(recorder.online) == [(1000, 2000, 0)]


def test_a_correction_labels_what_had_no_label_yet(recorder):
    recorder.add(timeline(1000, (0, 200, 0), (800, 1000, 0)))
    recorder.add(timeline(2000, (0, 1500, 1)))
    assert tuples(recorder.online) == [(0, 200, 0), (200, 800, 1), (800, 1000, 0), (1000, 1500, 1)]


def test_speakers_that_one_message_lets_overlap_are_both_first(recorder):
    recorder.add(timeline(1000, (0, 600, 0), (400, 1000, 1)))
    assert tuples(recorder.online) == [(0, 600, 0), (400, 1000, 1)]


def test_overlap_found_later_is_no_first_label(recorder):
    recorder.add(timeline(1000, (0, 1000, 0)))
    recorder.add(timeline(1500, (400, 800, 1)))
    assert tuples(recorder.online) == [(0, 1000, 0)]


def test_adjoining_stretches_of_a_speaker_are_one_segment(recorder):
    recorder.add(timeline(500, (0, 500, 0)))
    recorder.add(timeline(1000, (500, 1000, 0)))
    assert tuples(recorder.online) == [(0, 1000, 0)]


def test_first_labels_are_returned(recorder):
    assert recorder.add(timeline(500, (0, 500, None))) == [TimelineSegment(0, 500, None)]
    assert recorder.add(timeline(1000, (300, 1000, 0))) == [TimelineSegment(500, 1000, 0)]
    assert recorder.add(timeline(1500, (300, 900, 1))) == []


def test_latency_counts_first_labels_of_speakers_alone(recorder):
    recorder.add(timeline(1000, (0, 500, None), (500, 1000, 0)))  # 500 instants of 1 .. 500 ms
    recorder.add(timeline(3000, (0, 1000, 1)))  # corrections of what has its first label
    assert recorder.latency.total_ms == 500
    assert recorder.latency.percentile(50) == 250


def test_an_instant_with_two_speakers_counts_once_for_latency(recorder):
    recorder.add(timeline(1000, (0, 600, 0), (400, 1000, 1)))
    assert recorder.latency.total_ms == 1000


def test_the_final_timeline_is_the_reports(recorder):
    recorder.add(timeline(1000, (0, 1000, 0)))
    assert recorder.final == []
    report = ReportMessage(
        speakers=[SpeakerTotal(id=0, totalTimeMs=400), SpeakerTotal(id=1, totalTimeMs=500)],
        segments=[
            SegmentMessage(startMs=0, endMs=400, speakerId=0),
            SegmentMessage(startMs=300, endMs=800, speakerId=1),
            SegmentMessage(startMs=800, endMs=1000, speakerId=None),
        ],
    )
    recorder.add(report)
    assert recorder.report == report
    assert tuples(recorder.final) == [(0, 400, 0), (300, 800, 1)]


def test_other_messages_are_passed_over(recorder):
    assert recorder.add(SpeakerMessage(currentSpeakerId=0, speakingTimeMs={0: 5})) == []
    assert recorder.online == []
