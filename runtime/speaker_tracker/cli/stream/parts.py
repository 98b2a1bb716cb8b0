"""Joins the parts of a conversation whose connection is lost: one clock, and distinct speaker ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from speaker_tracker.cli.tracking_output import clock
from speaker_tracker.client import Disconnected, OtherVoices, Part, Reconnected, Report, Segment, SpeakerUpdate, TimelineUpdate
from speaker_tracker.protocol import OtherVoicesTotal, ReportMessage, SegmentMessage, SpeakerMessage, SpeakerTotal, TimelineMessage


class JoinedParts:
    """Converts the client's events of all parts into messages of one session, which for a single part equal those of its server.

    A server numbers the speakers of each part from 0, and which of them were heard before is unknown. So those of the second part
    are numbered from ``num_speakers``, those of the third from twice that, and so on.
    """

    def __init__(self, num_speakers: int) -> None:
        self._num_speakers = num_speakers
        self._spoken_ms: dict[int, int] = {}
        self._others: OtherVoices | None = None
        self._labelled_ms = 0
        self._reason = ""
        self._lost_ms: list[int] = []
        self.notes: list[str] = []
        """Notes for the user at the end, a sentence each."""

    def first_speaker(self, part: int) -> int:
        """Number given to speaker 0 of the current part."""
        return part * self._num_speakers

    def speaker(self, event: SpeakerUpdate) -> SpeakerMessage:
        """The message about the current speaker and the speaking times, including those of earlier parts."""
        current = None if event.speaker is None else self.first_speaker(event.part) + event.speaker
        return SpeakerMessage(
            currentSpeakerId=current, speakingTimeMs={**self._spoken_ms, **self._numbered(event.part, event.speaking_ms)}
        )

    def timeline(self, event: TimelineUpdate) -> TimelineMessage:
        """The message about new or corrected segments, on the common clock."""
        self._labelled_ms = max([self._labelled_ms, *(segment.end_ms for segment in event.segments)])
        return TimelineMessage(
            audioMs=event.audio_ms,
            segments=[self._segment(event.part, each) for each in event.segments],
            others=_message(_in_all([self._others, event.others])),
        )

    def end_part(self, event: Disconnected) -> None:
        """Ends the current part, whose connection is lost."""
        self._reason = event.reason

    def begin_part(self, event: Reconnected, before: Part) -> None:
        """Begins another part. ``before``: the previous part, as it ended."""
        self._spoken_ms |= self._numbered(before.number, before.speaking_ms)
        self._others = _in_all([self._others, before.others])
        lost_ms = event.lost_ms or 0
        self._lost_ms.append(lost_ms)
        lost = f"; {_seconds(lost_ms)} of audio before that have no label" if lost_ms else ""
        self.notes.append(
            f"{self._reason}; another session goes on at {clock(event.offset_ms)}, and its speakers are numbered from "
            f"{self.first_speaker(event.part)} on, also whoever was heard before{lost}"
        )

    def end(self, report: Report) -> ReportMessage:
        """The report on all parts. If the last one was never reported, its loss is noted."""
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
            others=_message(_in_all([part.others for part in report.parts])),
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


def _in_all(parts: Sequence[OtherVoices | None]) -> OtherVoices | None:
    """Other voices of several parts; each part may have heard the same ones, so there are at least as many as in any of them."""
    known = [part for part in parts if part is not None]
    return OtherVoices(sum(part.total_ms for part in known), max(part.voices for part in known)) if known else None


def _message(others: OtherVoices | None) -> OtherVoicesTotal | None:
    return None if others is None else OtherVoicesTotal(totalTimeMs=others.total_ms, voices=others.voices)


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.2f} s"
