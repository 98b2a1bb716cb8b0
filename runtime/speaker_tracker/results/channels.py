"""Joins the results of the channels of a recording: one numbering of speakers, and one timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.protocol import ReportMessage, SegmentMessage, SpeakerTotal
from speaker_tracker.results.tracking import Tracking


@dataclass(frozen=True, slots=True)
class JoinedChannels:
    """Results of all channels.

    ``online``, ``final``: timelines as those of ``TimelineRecorder``. ``channel_of``: the channel of each speaker, by id, counted
    from 1.
    """

    report: ReportMessage
    online: Sequence[TimelineSegment]
    final: Sequence[TimelineSegment]
    channel_of: dict[int, int]


def join_channels(trackings: Sequence[Tracking]) -> JoinedChannels:
    """Joins results in order of channels: speakers of the first keep their ids, those of further ones get the ids that follow."""
    speakers: list[SpeakerTotal] = []
    online: list[TimelineSegment] = []
    final: list[TimelineSegment] = []
    channel_of: dict[int, int] = {}
    for channel, tracking in enumerate(trackings, start=1):
        first = max(channel_of, default=-1) + 1
        own = [
            *(speaker.id for speaker in tracking.report.speakers),
            *(segment.speaker for segment in (*tracking.recorder.online, *tracking.recorder.final) if segment.speaker is not None),
        ]
        channel_of |= {first + speaker: channel for speaker in range(max(own, default=-1) + 1)}
        speakers += [speaker.model_copy(update={"id": first + speaker.id}) for speaker in tracking.report.speakers]
        online += _moved(tracking.recorder.online, first)
        final += _moved(tracking.recorder.final, first)
    final.sort(key=_order)
    report = ReportMessage(speakers=speakers, segments=[SegmentMessage.of(segment) for segment in final])
    return JoinedChannels(report, sorted(online, key=_order), final, channel_of)


def _moved(segments: Sequence[TimelineSegment], first: int) -> list[TimelineSegment]:
    return [
        TimelineSegment(segment.start_ms, segment.end_ms, None if segment.speaker is None else first + segment.speaker)
        for segment in segments
    ]


def _order(segment: TimelineSegment) -> tuple[int, int, int]:
    return segment.start_ms, segment.end_ms, -1 if segment.speaker is None else segment.speaker
