"""Records a session's labels as first announced and as finally corrected, and their latency."""

from collections.abc import Iterable
from itertools import chain

from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.protocol import ReportMessage, ServerMessage, TimelineMessage
from speaker_tracker.protocol.certainty import CertaintyTrack
from speaker_tracker.protocol.intervals import Interval, IntervalSet
from speaker_tracker.results.latency import LatencyHistogram


class TimelineRecorder:
    """Recorder of the messages of one session that requested the timeline.

    ``latency``: latency of every instant whose first label was a speaker.
    ``report``: the report, None until it is received.
    """

    def __init__(self) -> None:
        self.latency = LatencyHistogram()
        self.report: ReportMessage | None = None
        self._labelled = IntervalSet()
        self._online: dict[int, IntervalSet] = {}

    def add(self, message: ServerMessage) -> list[TimelineSegment]:
        """Adds a message; returns the segments that it is the first to label, nobody included, in order of start."""
        if isinstance(message, ReportMessage):
            self.report = message
        if not isinstance(message, TimelineMessage):
            return []
        new = [
            TimelineSegment(start, end, segment.speakerId)
            for segment in message.segments
            for start, end in self._labelled.missing_from(segment.startMs, segment.endMs)
        ]
        for segment in new:
            self._labelled.add(segment.start_ms, segment.end_ms)
            if segment.speaker is not None:
                self._online.setdefault(segment.speaker, IntervalSet()).add(segment.start_ms, segment.end_ms)
        for start, end in IntervalSet(_interval(segment) for segment in new if segment.speaker is not None):
            self.latency.add(start, end, message.audioMs)
        return sorted(new, key=lambda segment: (segment.start_ms, segment.end_ms))

    @property
    def online(self) -> list[TimelineSegment]:
        """The online timeline: for each instant the label first announced for it, uncorrected; without silence."""
        return _segments(self._online)

    @property
    def final(self) -> list[TimelineSegment]:
        """The final timeline of the report, without silence. Empty until the report is received."""
        if self.report is None:
            return []
        by_speaker: dict[int, IntervalSet] = {}
        certainty = CertaintyTrack()
        for segment in self.report.segments or ():
            if segment.speakerId is not None:
                by_speaker.setdefault(segment.speakerId, IntervalSet()).add(segment.startMs, segment.endMs)
                certainty.add(segment.segment())
        return list(certainty.with_confidence(_segments(by_speaker)))


def _interval(segment: TimelineSegment) -> Interval:
    return segment.start_ms, segment.end_ms


def _segments(by_speaker: dict[int, IntervalSet]) -> list[TimelineSegment]:
    segments: Iterable[TimelineSegment] = chain.from_iterable(
        (TimelineSegment(start, end, speaker) for start, end in intervals) for speaker, intervals in by_speaker.items()
    )
    return sorted(segments, key=lambda segment: (segment.start_ms, segment.end_ms, segment.speaker))
