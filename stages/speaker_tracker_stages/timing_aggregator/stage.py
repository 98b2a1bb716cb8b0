"""``timing_aggregator``: keeps the timeline in milliseconds and each speaker's time, and corrects both when labels change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

import numpy as np

from speaker_tracker import hookimpl
from speaker_tracker.events import (
    SAMPLE_RATE,
    Event,
    OverlappedSpeech,
    SpeakerChange,
    SpeakersAssigned,
    SpeechPause,
    TimelineChanged,
    TimelineSegment,
)
from speaker_tracker.protocol.certainty import CertaintyTrack
from speaker_tracker.protocol.intervals import Interval, IntervalSet
from speaker_tracker.stage import Answer, LoadedStage, StageBase, StageSpec, State
from speaker_tracker.stagekit.timeline import Timeline
from speaker_tracker_stages.timing_aggregator.refinement import HeardActivity, refined


class TimingAggregator(StageBase):
    """One session's timeline: what was assigned, refined by what a segmentation has heard."""

    def __init__(self) -> None:
        self._assigned = Timeline()
        self._heard = HeardActivity()
        self._timeline = Timeline()
        self._certainty = CertaintyTrack()

    def feed(self, event: Event) -> Iterator[Answer]:
        """Answers with the changes that an event makes to the timeline, if any. Bounds are rounded to milliseconds."""
        match event:
            case SpeakersAssigned():
                yield from self._assign(event)
            case SpeechPause():
                self._heard.pauses.add(_ms(event.start), _ms(event.end))
                yield from self._refine([(_ms(event.start), _ms(event.end))])
            case OverlappedSpeech():
                self._heard.add_overlap(_ms(event.start), _ms(event.end), event.probability)
                yield from self._refine([(_ms(event.start), _ms(event.end))])
            case SpeakerChange():
                self._heard.add_change(_ms(event.position), event.probability)
                yield from self._refine([(_ms(event.position), _ms(event.position) + 1)])
        yield event

    def snapshot(self) -> State:
        """What was assigned and heard, the timeline, and how certain it is."""
        return {
            "assigned": self._assigned.snapshot(),
            "heard": self._heard.snapshot(),
            "timeline": self._timeline.snapshot(),
            "certainty": {speaker: np.array(each, np.float64) for speaker, each in self._certainty.snapshot().items()},
        }

    def restore(self, state: State) -> None:
        """Goes on with the same timeline."""
        self._assigned.restore(cast(State, state["assigned"]))
        self._heard = HeardActivity.restored(cast(State, state["heard"]))
        self._timeline.restore(cast(State, state["timeline"]))
        self._certainty.restore(cast("Mapping[str, Sequence[Sequence[float]]]", state["certainty"]))

    def _assign(self, event: SpeakersAssigned) -> Iterator[Answer]:
        said = [TimelineSegment(_ms(span.start), _ms(span.end), span.speaker, span.confidence) for span in event.spans]
        start, end = _ms(event.start), _ms(event.end)
        changed = self._assigned.rewrite(start, end, said)
        self._certainty.rewrite(start, end, said)
        if any(span.confidence is not None for span in event.spans) and start < end:
            # A label may be as before, and its confidence new.
            yield from self._refine([(start, end)], anew=(start, end))
        else:
            yield from self._refine(changed)

    def _refine(self, changed: Iterable[Interval], anew: Interval | None = None) -> Iterator[Answer]:
        """Refines the timeline around ``changed`` intervals; tells what is different then, and ``anew`` in any case."""
        different = IntervalSet([anew] if anew else [])
        reaches = [(first, last, self._heard.reach(first, last)) for first, last in changed]
        reached = IntervalSet((max(0, first - reach), last + reach) for first, last, reach in reaches)
        reach = max((each for *_, each in reaches), default=0)
        for start, end in reached:
            labels = self._assigned.segments(max(0, start - reach), min(end + reach, self._assigned.end))
            segments = refined(labels, self._heard, start, end)
            for segment in segments:
                if segment.confidence is not None:
                    self._certainty.add(segment)
            # Where nothing was assigned yet, nothing is told.
            for first, last in IntervalSet((max(start, each.start_ms), min(end, each.end_ms)) for each in labels):
                for interval in self._timeline.rewrite(first, last, segments):
                    different.add(*interval)
        if len(different):
            plain = (segment for first, last in different for segment in self._timeline.segments(first, last))
            segments = list(self._certainty.with_confidence(plain))
            yield TimelineChanged(tuple(segments), self._timeline.speaking_ms)


def _ms(samples: int) -> int:
    return round(samples * 1000 / SAMPLE_RATE)


@hookimpl
def speaker_tracker_stages() -> Sequence[StageSpec]:
    """Offers ``timing_aggregator``."""
    return [
        StageSpec(
            name="timing_aggregator",
            summary="the timeline in milliseconds and the time of each speaker",
            consumes=frozenset({SpeakersAssigned}),
            may_consume=frozenset({SpeechPause, OverlappedSpeech, SpeakerChange}),
            produces=frozenset({TimelineChanged}),
            load=lambda _options: LoadedStage(lambda _session: TimingAggregator()),
        )
    ]
