"""Results of a client's sessions, on one clock."""

from __future__ import annotations

from dataclasses import replace

from speaker_tracker.client.events import (
    Hint,
    OtherVoices,
    Part,
    PartSpeaker,
    Reconnected,
    Report,
    Segment,
    SpeakerUpdate,
    TimelineUpdate,
    TrackerEvent,
    Voiceprints,
)
from speaker_tracker.client.people import People
from speaker_tracker.protocol import (
    HintMessage,
    OtherVoicesTotal,
    ReportMessage,
    SegmentMessage,
    ServerMessage,
    SpeakerMessage,
    TimelineMessage,
    Voiceprint,
    VoiceprintsMessage,
)
from speaker_tracker.protocol.certainty import CertaintyTrack
from speaker_tracker.protocol.intervals import IntervalSet
from speaker_tracker.protocol.speaker_names import SpeakerNames

CERTAIN_MS = 5000
"""Age from which received audio is not sent again, labelled or not: if nothing was said of it by then, nobody tracked spoke."""


class CorrectedTimeline:
    """Who spoke when, with all corrections applied. Memory grows with the number of turns."""

    def __init__(self) -> None:
        self.end_ms = 0
        """End of the timeline known so far (ms)."""
        self._by_speaker: dict[int, IntervalSet] = {}
        self._certainty = CertaintyTrack()

    def add(self, segments: tuple[Segment, ...]) -> None:
        """Replaces whatever was known of the spans that ``segments`` cover."""
        for start, end in IntervalSet((segment.start_ms, segment.end_ms) for segment in segments):
            self.end_ms = max(self.end_ms, end)
            for intervals in self._by_speaker.values():
                intervals.remove(start, end)
            self._certainty.rewrite(start, end, ())
        for segment in segments:
            if segment.speaker is not None:
                self._by_speaker.setdefault(segment.speaker, IntervalSet()).add(segment.start_ms, segment.end_ms)
                self._certainty.add(segment)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Maximal segments of each speaker, in order of start."""
        runs = [Segment(start, end, speaker) for speaker, intervals in self._by_speaker.items() for start, end in intervals]
        return tuple(self._certainty.with_confidence(sorted(runs, key=lambda run: (run.start_ms, run.end_ms, run.speaker))))


class PartSoFar:
    """One session. ``offset_ms``: where its audio begins on the clock. ``timeline``: whether it was requested.

    ``people``: whom it knows.
    """

    def __init__(self, number: int, offset_ms: int, people: People, *, timeline: bool) -> None:
        self.number = number
        self.offset_ms = offset_ms
        self.reported = False
        self.certain_ms = offset_ms
        """Position on the clock up to which the server has acknowledged the audio, so that none of it needs to be sent again."""
        self.saved_ms = 0
        """Time of the session (ms) before which the server never needs any audio again, if it keeps the session."""
        self._heard_ms = offset_ms
        self._speaking_ms: dict[int, int] = {}
        self._certain_speaking_ms: dict[int, int] = {}
        self._unanswered = 0
        self._timeline = CorrectedTimeline() if timeline else None
        self._segments: tuple[Segment, ...] | None = None
        self._others: OtherVoices | None = None
        self._people = people
        self._names = SpeakerNames()
        self._voiceprints: dict[int, Voiceprint] = {}

    @property
    def acknowledges(self) -> bool:
        """Whether the server reports its position, which it does along with the timeline only."""
        return self._timeline is not None and self._unanswered < 2  # noqa: PLR2004 - one such message comes before each timeline

    def add(self, message: ServerMessage) -> TrackerEvent | None:
        """Processes one message of the server; returns the event for it, if any."""
        self._names.add(message)
        match message:
            case SpeakerMessage():
                self._unanswered += 1
                self.saved_ms = max(self.saved_ms, message.ackMs or 0)
                self._speaking_ms = dict(message.speakingTimeMs)
                speaker = message.currentSpeakerId
                name = None if speaker is None else self._shown_names.get(speaker)
                return SpeakerUpdate(self.number, speaker, message.speakingTimeMs, name, self._same_as)
            case TimelineMessage():
                self._others = _others(message.others)
                changed = TimelineUpdate(
                    self.number,
                    self.offset_ms + message.audioMs,
                    self._on_clock(message.segments),
                    self._others,
                    self._shown_names,
                    self._same_as,
                )
                self._take(changed)
                return changed
            case VoiceprintsMessage():
                new = {speaker.id: speaker.voiceprint for speaker in message.speakers}
                self._voiceprints |= new
                return Voiceprints(self.number, new) if self._people.wants_voiceprints else None
            case HintMessage():
                return Hint(self.number, message.code, message.message)
            case ReportMessage():
                self.reported = True
                self._others = _others(message.others)
                self._speaking_ms = {speaker.id: speaker.totalTimeMs for speaker in message.speakers}
                self._voiceprints |= {each.id: each.voiceprint for each in message.speakers if each.voiceprint is not None}
                self._segments = None if message.segments is None else self._on_clock(message.segments)
                self.certain_ms = max([self.certain_ms, self._heard_ms, *(segment.end_ms for segment in self._segments or ())])
        return None

    def resume(self) -> None:
        """Goes on with the session after its connection was lost."""
        self._unanswered = 0

    def as_part(self, sent_ms: int) -> Part:
        """Its result, given the length of audio sent."""
        segments = self._segments
        if not self.reported and self._timeline is not None:
            segments = self._timeline.segments
        return Part(
            self.number,
            self.offset_ms,
            sent_ms,
            self.reported,
            dict(self._speaking_ms),
            segments,
            self._others,
            self._shown_names,
            dict(self._voiceprints) if self._people.wants_voiceprints else {},
            self._same_as,
        )

    def ended_at(self, end_ms: int) -> Part:
        """Its result if the next part begins at ``end_ms`` on the clock: what was said of later audio is discarded."""
        part = self.as_part(end_ms - self.offset_ms)
        # Times of a message whose timeline never arrived belong to audio that is sent again.
        speaking_ms = self._certain_speaking_ms if self.acknowledges and not self.reported else part.speaking_ms
        segments = part.segments
        if segments is not None:
            segments = tuple(replace(each, end_ms=min(each.end_ms, end_ms)) for each in segments if each.start_ms < end_ms)
        return replace(part, speaking_ms=speaking_ms, segments=segments)

    def tell_people(self) -> None:
        """Has the sessions after it know its speakers."""
        self._people.end_part(self.number, self._names.by_speaker, self._voiceprints)

    def lost_ms(self, end_ms: int) -> int | None:
        """Length of the audio before ``end_ms`` that has no label in this part; None if that cannot be known."""
        return None if self._timeline is None else max(0, end_ms - self.certain_ms)

    def _take(self, changed: TimelineUpdate) -> None:
        self._unanswered = 0
        self._certain_speaking_ms = self._speaking_ms
        self._heard_ms = max(self._heard_ms, changed.audio_ms)
        if self._timeline is not None:
            self._timeline.add(changed.segments)
            self.certain_ms = max(self.certain_ms, self._timeline.end_ms, changed.audio_ms - CERTAIN_MS)

    @property
    def _shown_names(self) -> dict[int, str]:
        return self._people.shown(self._names.by_speaker)

    @property
    def _same_as(self) -> dict[int, PartSpeaker]:
        known = self._people.same_as(self._names.by_speaker)
        return {speaker: first for speaker, first in known.items() if first.part < self.number}

    def _on_clock(self, segments: list[SegmentMessage]) -> tuple[Segment, ...]:
        return tuple(each.segment(self.offset_ms) for each in segments)


def _others(total: OtherVoicesTotal | None) -> OtherVoices | None:
    return None if total is None else OtherVoices(total.totalTimeMs, total.voices)


class Parts:
    """All sessions of one client so far. ``people``: whom they know."""

    def __init__(self, people: People | None = None, *, timeline: bool) -> None:
        self._people = people or People()
        self._timeline = timeline
        self._ended: list[Part] = []
        self._current = PartSoFar(0, 0, self._people, timeline=timeline)

    @property
    def current(self) -> PartSoFar:
        """The latest one."""
        return self._current

    def begin_next(self, offset_ms: int) -> Reconnected:
        """Adds a session whose audio begins at ``offset_ms`` on the clock; returns the event for it."""
        before = self._current
        self._ended.append(before.ended_at(offset_ms))
        self._current = PartSoFar(before.number + 1, offset_ms, self._people, timeline=self._timeline)
        return Reconnected(self._current.number, offset_ms, before.lost_ms(offset_ms))

    def report(self, sent_ms: int, *, stopped: bool) -> Report:
        """The report on ``sent_ms`` of audio in all. ``stopped``: whether the last session ended because it was stopped."""
        last = self._current.as_part(sent_ms - self._current.offset_ms)
        finished = stopped and last.reported
        return Report((*self._ended, last), finished=finished, complete=finished and not self._ended)
