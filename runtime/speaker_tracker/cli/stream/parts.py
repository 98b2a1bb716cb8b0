"""Joins the parts of a conversation whose connection is lost: one clock, and one id for each speaker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from speaker_tracker.cli.tracking_output import clock
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
    Voiceprint,
)
from speaker_tracker.protocol import OtherVoicesTotal, ReportMessage, SegmentMessage, SpeakerMessage, SpeakerTotal, TimelineMessage

SameAs = Mapping[int, PartSpeaker]


@dataclass(slots=True)
class _Break:
    """The end of a part, and the beginning of part ``part``. ``known_again``: ids of those of its speakers who are known again."""

    part: int
    reason: str
    offset_ms: int
    lost_ms: int
    known_again: Sequence[int] = ()


class JoinedParts:
    """Converts the client's events of all parts into messages of one session, which for a single part equal those of its server.

    A server numbers the speakers of each part from 0. Those who are known again by their voice keep the id of the part that heard
    them first; the others of the second part are numbered from ``num_speakers``, those of the third from twice that, and so on. As
    recognition takes a few seconds of speech, a speaker's id may change then, and their segments come again.
    """

    def __init__(self, num_speakers: int) -> None:
        self._num_speakers = num_speakers
        self._spoken_ms: dict[int, int] = {}
        self._others: OtherVoices | None = None
        self._labelled_ms = 0
        self._reason = ""
        self._breaks: list[_Break] = []
        self._lost_at_end_ms = 0
        self.voiceprints: dict[int, Voiceprint] = {}
        """Of each speaker, by id, the one of most speech; once the conversation has ended."""

    @property
    def notes(self) -> list[str]:
        """Notes for the user at the end, a sentence each."""
        lost_at_end = [f"the last {_seconds(self._lost_at_end_ms)} of audio have no label"] if self._lost_at_end_ms > 0 else []
        return [*map(self._note, self._breaks), *lost_at_end]

    def first_speaker(self, part: int) -> int:
        """Id given to speaker 0 of a part, unless they are known again."""
        return part * self._num_speakers

    def speaker(self, event: SpeakerUpdate) -> SpeakerMessage:
        """The message about the current speaker and the speaking times, including those of earlier parts."""
        current = None if event.speaker is None else self._id(event.part, event.speaker, event.same_as)
        spoken = _sum([self._spoken_ms, self._by_id(event.part, event.speaking_ms, event.same_as)])
        return SpeakerMessage(currentSpeakerId=current, speakingTimeMs=spoken, currentName=event.name)

    def timeline(self, event: TimelineUpdate) -> TimelineMessage:
        """The message about new or corrected segments, on the common clock."""
        self._labelled_ms = max([self._labelled_ms, *(segment.end_ms for segment in event.segments)])
        names = {self._id(event.part, speaker, event.same_as): name for speaker, name in event.names.items()}
        return TimelineMessage(
            audioMs=event.audio_ms,
            segments=[self._segment(event.part, each, event.same_as, names) for each in event.segments],
            others=_message(_in_all([self._others, event.others])),
        )

    def end_part(self, event: Disconnected) -> None:
        """Ends the current part, whose connection is lost."""
        self._reason = event.reason

    def begin_part(self, event: Reconnected, before: Part) -> None:
        """Begins another part. ``before``: the previous part, as it ended."""
        self._spoken_ms = _sum([self._spoken_ms, self._by_id(before.number, before.speaking_ms, before.same_as)])
        self._others = _in_all([self._others, before.others])
        self._breaks.append(_Break(event.part, self._reason, event.offset_ms, event.lost_ms or 0))

    def end(self, report: Report) -> ReportMessage:
        """The report on all parts. If the last one was never reported, its loss is noted."""
        last = report.parts[-1]
        self._lost_at_end_ms = 0 if last.reported else last.offset_ms + last.sent_ms - max(last.offset_ms, self._labelled_ms)
        for each, part in zip(self._breaks, report.parts[1:], strict=False):
            each.known_again = sorted({self._id(part.number, speaker, part.same_as) for speaker in part.same_as})
        names: dict[int, str] = {}
        for part in report.parts:
            names |= self._by_id(part.number, part.names, part.same_as)
            for speaker, voiceprint in self._by_id(part.number, part.voiceprints, part.same_as).items():
                best = self.voiceprints.get(speaker)
                if best is None or voiceprint.seconds > best.seconds:
                    self.voiceprints[speaker] = voiceprint
        totals = _sum([self._by_id(part.number, part.speaking_ms, part.same_as) for part in report.parts])
        return ReportMessage(
            speakers=[SpeakerTotal(id=speaker, totalTimeMs=ms, name=names.get(speaker)) for speaker, ms in totals.items()],
            segments=self._segments(report.parts, names),
            others=_message(_in_all([part.others for part in report.parts])),
        )

    def as_documents(self, report: Report) -> list[dict[str, Any]]:
        """The parts of a conversation that has ended, for the JSON document."""
        lost_ms = [*(each.lost_ms for each in self._breaks), self._lost_at_end_ms]
        known_again = [(), *(each.known_again for each in self._breaks)]
        return [
            {
                "offsetMs": part.offset_ms,
                "sentMs": part.sent_ms,
                "lostMs": lost,
                "reported": part.reported,
                "firstSpeakerId": self.first_speaker(part.number),
                "knownAgain": list(known),
            }
            for part, lost, known in zip(report.parts, lost_ms, known_again, strict=True)
        ]

    def _id(self, part: int, speaker: int, same_as: SameAs) -> int:
        first = same_as.get(speaker, PartSpeaker(part, speaker))
        return self.first_speaker(first.part) + first.speaker

    def _by_id(self, part: int, by_speaker: Mapping[int, Any], same_as: SameAs) -> dict[int, Any]:
        return {self._id(part, speaker, same_as): value for speaker, value in by_speaker.items()}

    def _segment(self, part: int, segment: Segment, same_as: SameAs, names: Mapping[int, str]) -> SegmentMessage:
        speaker = None if segment.speaker is None else self._id(part, segment.speaker, same_as)
        return SegmentMessage.of(replace(segment, speaker=speaker), names)

    def _segments(self, parts: Sequence[Part], names: Mapping[int, str]) -> list[SegmentMessage] | None:
        if all(part.segments is None for part in parts):
            return None
        return [self._segment(part.number, each, part.same_as, names) for part in parts for each in part.segments or ()]

    def _note(self, each: _Break) -> str:
        first = self.first_speaker(each.part)
        lost = f"; {_seconds(each.lost_ms)} of audio before that have no label" if each.lost_ms else ""
        goes_on = f"{each.reason}; another session goes on at {clock(each.offset_ms)}"
        if not each.known_again:
            return f"{goes_on}, and its speakers are numbered from {first} on, also whoever was heard before{lost}"
        again = ", ".join(map(str, each.known_again))
        were = f"speaker {again} was" if len(each.known_again) == 1 else f"speakers {again} were"
        return f"{goes_on}; {were} known again, and others are numbered from {first} on{lost}"


def _sum(parts: Sequence[Mapping[int, int]]) -> dict[int, int]:
    """Times by speaker in all parts together."""
    total: dict[int, int] = {}
    for part in parts:
        for speaker, ms in part.items():
            total[speaker] = total.get(speaker, 0) + ms
    return total


def _in_all(parts: Sequence[OtherVoices | None]) -> OtherVoices | None:
    """Other voices of several parts; each part may have heard the same ones, so there are at least as many as in any of them."""
    known = [part for part in parts if part is not None]
    return OtherVoices(sum(part.total_ms for part in known), max(part.voices for part in known)) if known else None


def _message(others: OtherVoices | None) -> OtherVoicesTotal | None:
    return None if others is None else OtherVoicesTotal(totalTimeMs=others.total_ms, voices=others.voices)


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.2f} s"
