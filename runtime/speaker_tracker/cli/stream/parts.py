"""Makes one conversation of the parts that a session falls into where its connection is lost: one clock, and no id given twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from speaker_tracker.cli.tracking_output import clock
from speaker_tracker.client import Disconnected, Part, Reconnected, Report, Segment, SpeakerUpdate, TimelineUpdate
from speaker_tracker.protocol import ReportMessage, SegmentMessage, SpeakerMessage, SpeakerTotal, TimelineMessage


class JoinedParts:
    """Gives what the client tells of its parts as messages of one session, which for a single part are those of its server.

    A server numbers the speakers of each part from 0 on, and nobody knows who of them was heard before. So those of the second part
    are numbered from ``num_speakers`` on, those of the third from twice that on, and so forth.
    """

    def __init__(self, num_speakers: int) -> None:
        self._num_speakers = num_speakers
        self._spoken_ms: dict[int, int] = {}
        self._labelled_ms = 0
        self._reason = ""
        self._lost_ms: list[int] = []
        self.notes: list[str] = []
        """What the user should know at the end, a sentence each."""

    def first_speaker(self, part: int) -> int:
        """The number of its speaker 0."""
        return part * self._num_speakers

    def speaker(self, event: SpeakerUpdate) -> SpeakerMessage:
        """Who speaks now, and how long each has spoken, those of earlier parts too."""
        current = None if event.speaker is None else self.first_speaker(event.part) + event.speaker
        return SpeakerMessage(
            currentSpeakerId=current, speakingTimeMs={**self._spoken_ms, **self._numbered(event.part, event.speaking_ms)}
        )

    def timeline(self, event: TimelineUpdate) -> TimelineMessage:
        """What is new or corrected, on the one clock."""
        self._labelled_ms = max([self._labelled_ms, *(segment.end_ms for segment in event.segments)])
        return TimelineMessage(audioMs=event.audio_ms, segments=[self._segment(event.part, each) for each in event.segments])

    def end_part(self, event: Disconnected) -> None:
        """The connection is lost."""
        self._reason = event.reason

    def begin_part(self, event: Reconnected, before: Part) -> None:
        """There is another. ``before``: the part before it, as it ended."""
        self._spoken_ms |= self._numbered(before.number, before.speaking_ms)
        lost_ms = event.lost_ms or 0
        self._lost_ms.append(lost_ms)
        lost = f"; {_seconds(lost_ms)} of audio before that have no label" if lost_ms else ""
        self.notes.append(
            f"{self._reason}; another session goes on at {clock(event.offset_ms)}, and its speakers are numbered from "
            f"{self.first_speaker(event.part)} on, also whoever was heard before{lost}"
        )

    def end(self, report: Report) -> ReportMessage:
        """The report on all parts. Where the last one was never reported, what is lost of it is noted."""
        last = report.parts[-1]
        lost_ms = last.offset_ms + last.sent_ms - max(last.offset_ms, self._labelled_ms)
        self._lost_ms.append(0 if last.reported else lost_ms)
        if self._lost_ms[-1] > 0:
            self.notes.append(f"the last {_seconds(lost_ms)} of audio have no label")
        totals = {speaker: ms for part in report.parts for speaker, ms in self._numbered(part.number, part.speaking_ms).items()}
        segments = [self._segment(part.number, segment) for part in report.parts for segment in part.segments or ()]
        return ReportMessage(
            speakers=[SpeakerTotal(id=speaker, totalTimeMs=ms) for speaker, ms in totals.items()],
            segments=segments if any(part.segments is not None for part in report.parts) else None,
        )

    def as_documents(self, report: Report) -> list[dict[str, Any]]:
        """The parts of a conversation that has ended, for the JSON document."""
        return [
            {
                "offsetMs": part.offset_ms,
                "sentMs": part.sent_ms,
                "lostMs": lost_ms,
                "reported": part.reported,
                "firstSpeakerId": self.first_speaker(part.number),
            }
            for part, lost_ms in zip(report.parts, self._lost_ms, strict=True)
        ]

    def _numbered(self, part: int, by_speaker: Mapping[int, int]) -> dict[int, int]:
        return {self.first_speaker(part) + speaker: ms for speaker, ms in by_speaker.items()}

    def _segment(self, part: int, segment: Segment) -> SegmentMessage:
        speaker = None if segment.speaker is None else self.first_speaker(part) + segment.speaker
        return SegmentMessage.of(replace(segment, speaker=speaker))


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.2f} s"
