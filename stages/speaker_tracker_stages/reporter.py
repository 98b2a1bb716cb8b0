"""``reporter``: makes the messages to clients, periodically and at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, cast

import numpy as np
from pydantic import Field

from speaker_tracker import hookimpl
from speaker_tracker.events import (
    SAMPLE_RATE,
    AudioClock,
    ClientMessage,
    Event,
    OtherVoices,
    SpeakerNow,
    SpeakersNamed,
    TimelineChanged,
    TimelineSegment,
    VoiceprintsMade,
)
from speaker_tracker.protocol import (
    OtherVoicesTotal,
    ReportMessage,
    SegmentMessage,
    SpeakerMessage,
    SpeakerTotal,
    SpeakerVoiceprint,
    TimelineMessage,
    Voiceprint,
    VoiceprintsMessage,
)
from speaker_tracker.protocol.certainty import CertaintyTrack
from speaker_tracker.protocol.intervals import IntervalSet
from speaker_tracker.stage import Answer, LoadedStage, SessionInfo, StageBase, StageOptions, StageSpec, State
from speaker_tracker.stagekit.timeline import Timeline


class ReporterOptions(StageOptions):
    """Options of ``reporter``."""

    period_ms: Annotated[int, Field(ge=20, le=60_000)] = Field(500, description="audio between two speaker messages")


class Reporter(StageBase):
    """One session's messages; keeps the timeline where the client asked for it."""

    def __init__(self, options: ReporterOptions, session: SessionInfo) -> None:
        self._period = options.period_ms * SAMPLE_RATE // 1000
        self._timeline = Timeline() if session.timeline else None
        self._certainty = CertaintyTrack() if session.timeline and session.confidence else None
        self._wants_others = session.others
        self._names: dict[int, str] = {}
        self._renamed = False
        self._wants_voiceprints = session.voiceprints
        self._voiceprints: dict[int, Voiceprint] = {}
        self._new_voiceprints: set[int] = set()
        self._others: OtherVoices | None = None
        self._unsent: list[tuple[int, int]] = []
        self._speaking_ms: dict[int, int] = {}
        self._now: int | None = None
        self._position = 0
        self._reported = False
        self._tells_all = False

    def feed(self, event: Event) -> Iterator[Answer]:
        """Consumes changes; answers with messages whenever the clock enters another period."""
        match event:
            case TimelineChanged():
                self._take(event)
            case SpeakerNow():
                self._now = event.speakers[0] if event.speakers else None
            case OtherVoices():
                self._others = event
            case SpeakersNamed():
                self._rename(event)
            case VoiceprintsMade() if self._wants_voiceprints:
                self._voiceprints.update(event.voiceprints)
                self._new_voiceprints.update(event.voiceprints)
            case AudioClock():
                due = self._renamed or event.position // self._period > self._position // self._period
                self._position = event.position
                self._renamed = False
                if due:
                    name = None if self._now is None else self._names.get(self._now)
                    yield ClientMessage(
                        SpeakerMessage(currentSpeakerId=self._now, speakingTimeMs=self._speaking_ms, currentName=name)
                    )
                    yield from self._timeline_message()
                    yield from self._voiceprints_message()
        yield event

    def flush(self) -> Iterator[Answer]:
        """Answers with the last changes and the report, which leaves out speakers without any time."""
        if self._reported:
            return
        self._reported = True
        if self._unsent or self._tells_all:
            yield from self._timeline_message()
        totals = [
            SpeakerTotal(id=speaker, totalTimeMs=ms, name=self._names.get(speaker), voiceprint=self._voiceprints.get(speaker))
            for speaker, ms in sorted(self._speaking_ms.items())
            if ms
        ]
        segments = None
        if self._timeline is not None:
            segments = [message for message in self._messages(self._timeline.segments()) if message.speakerId is not None]
        yield ClientMessage(ReportMessage(speakers=totals, segments=segments, others=self._others_total))

    def snapshot(self) -> State:
        """Timeline, unsent changes, times, current speaker, position, other voices, names and voiceprints."""
        return {
            "timeline": None if self._timeline is None else self._timeline.snapshot(),
            "certainty": {
                speaker: np.array(each, np.float64)
                for speaker, each in (self._certainty.snapshot() if self._certainty else {}).items()
            },
            "unsent": [list(stretch) for stretch in self._unsent],
            "speaking_ms": [[speaker, ms] for speaker, ms in self._speaking_ms.items()],
            "now": self._now,
            "position": self._position,
            "others": None if self._others is None else [self._others.samples, self._others.voices],
            "renamed": self._renamed,
            "names": [[speaker, name] for speaker, name in self._names.items()],
            "voiceprints": [[speaker, voiceprint.model_dump()] for speaker, voiceprint in self._voiceprints.items()],
            "new_voiceprints": sorted(self._new_voiceprints),
        }

    def restore(self, state: State) -> None:
        """Goes on with the same timeline and times; the next message tells all of it, as nobody knows what the client was told."""
        self._tells_all = True
        if self._timeline is not None:
            self._timeline.restore(cast(State, state["timeline"]))
        if self._certainty is not None:
            self._certainty.restore(cast("Mapping[str, Sequence[Sequence[float]]]", state["certainty"]))
        self._unsent = [(start, end) for start, end in cast(Sequence[Sequence[int]], state["unsent"])]
        self._speaking_ms = dict(cast(Sequence[tuple[int, int]], state["speaking_ms"]))
        self._now = cast("int | None", state["now"])
        self._position = cast(int, state["position"])
        if state.get("others") is not None:
            self._others = OtherVoices(*cast(Sequence[int], state["others"]))
        self._renamed = bool(state["renamed"])
        self._names = dict(cast(Sequence[tuple[int, str]], state["names"]))
        kept = cast("Sequence[tuple[int, Mapping[str, object]]]", state["voiceprints"])
        self._voiceprints = {speaker: Voiceprint.model_validate(values) for speaker, values in kept}
        self._new_voiceprints = set(cast(Sequence[int], state["new_voiceprints"]))

    def _messages(self, segments: Sequence[TimelineSegment]) -> list[SegmentMessage]:
        known = self._certainty.with_confidence(segments) if self._certainty else segments
        return [SegmentMessage.of(each, self._names) for each in known]

    @property
    def _others_total(self) -> OtherVoicesTotal | None:
        """What is told of voices beyond those tracked; None if it was not requested or no stage tells of them."""
        if not self._wants_others or self._others is None:
            return None
        return OtherVoicesTotal(totalTimeMs=round(self._others.samples * 1000 / SAMPLE_RATE), voices=self._others.voices)

    def _take(self, event: TimelineChanged) -> None:
        self._speaking_ms = dict(event.speaking_ms)
        if self._timeline is not None:
            for start, end in IntervalSet((segment.start_ms, segment.end_ms) for segment in event.segments):
                changed = self._timeline.rewrite(start, end, event.segments)
                if self._certainty is not None:
                    self._certainty.rewrite(start, end, event.segments)
                    changed = [(start, end)]
                self._unsent += changed

    def _rename(self, event: SpeakersNamed) -> None:
        """Takes over the names; what the client was told of speakers whose name is another now is told again."""
        changed = {speaker for speaker in {*self._names, *event.names} if self._names.get(speaker) != event.names.get(speaker)}
        self._names = dict(event.names)
        self._renamed = self._renamed or bool(changed)  # people wait for names, so they are told with the next audio
        if self._timeline is not None:
            self._unsent += [(each.start_ms, each.end_ms) for each in self._timeline.segments() if each.speaker in changed]

    def _voiceprints_message(self) -> Iterator[Answer]:
        if self._new_voiceprints:
            made = [SpeakerVoiceprint(id=each, voiceprint=self._voiceprints[each]) for each in sorted(self._new_voiceprints)]
            self._new_voiceprints.clear()
            yield ClientMessage(VoiceprintsMessage(speakers=made))

    def _timeline_message(self) -> Iterator[Answer]:
        if self._timeline is None:
            return
        if self._tells_all:
            self._tells_all = False
            self._unsent.append((0, self._timeline.end))
        segments = [
            message for start, end in IntervalSet(self._unsent) for message in self._messages(self._timeline.segments(start, end))
        ]
        self._unsent.clear()
        yield ClientMessage(
            TimelineMessage(audioMs=self._position * 1000 // SAMPLE_RATE, segments=segments, others=self._others_total)
        )


def _load(options: ReporterOptions) -> LoadedStage:
    return LoadedStage(lambda session: Reporter(options, session))


@hookimpl
def speaker_tracker_stages() -> Sequence[StageSpec]:
    """Offers ``reporter``."""
    return [
        StageSpec(
            name="reporter",
            summary="speaker, timeline and report messages",
            options=ReporterOptions,
            consumes=frozenset({AudioClock, TimelineChanged, SpeakerNow}),
            may_consume=frozenset({OtherVoices, SpeakersNamed, VoiceprintsMade}),
            produces=frozenset({ClientMessage}),
            load=_load,
        )
    ]
