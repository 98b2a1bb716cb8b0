from dataclasses import replace
from pathlib import Path

import pytest

from speaker_tracker.protocol import ReportMessage, SegmentMessage, SpeakerTotal
from speaker_tracker.results.formats import TrackedFile
from speaker_tracker.results.timeline_recorder import TimelineRecorder

NAME = "Anna <Maria> McBerg & Co"
SEGMENTS = [(1000, 2000, 0), (2000, 4050, 1), (3_723_400, 3_725_001, 0)]


@pytest.fixture
def tracked():
    """A file with two speakers and a third turn after more than an hour."""
    recorder = TimelineRecorder()
    report = ReportMessage(
        speakers=[SpeakerTotal(id=0, totalTimeMs=2601), SpeakerTotal(id=1, totalTimeMs=2050)],
        segments=[SegmentMessage(startMs=start, endMs=end, speakerId=speaker) for start, end, speaker in SEGMENTS],
    )
    recorder.add(report)
    return TrackedFile(Path("talks") / 'a "good", talk.flac', 3800.1234, report, recorder)


@pytest.fixture
def overlapping():
    """A file with two speakers who speak at the same time twice."""
    segments = [(1000, 4000, 0), (2000, 3000, 1), (4000, 4500, 1), (5000, 6000, 1), (5000, 6000, 0)]
    report = ReportMessage(
        speakers=[SpeakerTotal(id=0, totalTimeMs=4000), SpeakerTotal(id=1, totalTimeMs=2500)],
        segments=[SegmentMessage(startMs=start, endMs=end, speakerId=speaker) for start, end, speaker in segments],
    )
    recorder = TimelineRecorder()
    recorder.add(report)
    return TrackedFile(Path("talk.flac"), 6.0, report, recorder)


@pytest.fixture
def call(tracked):
    """The same, as of a recording with a speaker on each of two channels."""
    return replace(tracked, channel_of={0: 1, 1: 2})


@pytest.fixture
def silent():
    report = ReportMessage(speakers=[], segments=[])
    recorder = TimelineRecorder()
    recorder.add(report)
    return TrackedFile(Path("silence.wav"), 2.0, report, recorder)


@pytest.fixture
def named(tracked):
    """The same, where speaker 1 was recognized."""
    speakers = [each.model_copy(update={"name": NAME} if each.id == 1 else {}) for each in tracked.report.speakers]
    return replace(tracked, report=tracked.report.model_copy(update={"speakers": speakers}), knows_voices=True)
