"""``timing_aggregator``: keeps the timeline in milliseconds and each speaker's time, and corrects both when labels change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from speaker_tracker import hookimpl
from speaker_tracker.events import SAMPLE_RATE, Event, SpeakersAssigned, TimelineChanged, TimelineSegment
from speaker_tracker.protocol.certainty import CertaintyTrack
from speaker_tracker.stage import Answer, LoadedStage, StageBase, StageSpec, State
from speaker_tracker.stagekit.timeline import Timeline


class TimingAggregator(StageBase):
    """One session's timeline."""

    def __init__(self) -> None:
        self._timeline = Timeline()
        self._certainty = CertaintyTrack()

    def feed(self, event: Event) -> Iterator[Answer]:
        """Answers an assignment with the changes it makes to the timeline, if any. Bounds are rounded to milliseconds."""
        if not isinstance(event, SpeakersAssigned):
            yield event
            return
        said = [TimelineSegment(_ms(span.start), _ms(span.end), span.speaker, span.confidence) for span in event.spans]
        start, end = _ms(event.start), _ms(event.end)
        changed = self._timeline.rewrite(start, end, said)
        self._certainty.rewrite(start, end, said)
        if any(span.confidence is not None for span in event.spans) and start < end:
            changed = [(start, end)]  # a label may be as before, and its confidence new
        if changed:
            plain = (segment for first, last in changed for segment in self._timeline.segments(first, last))
            segments = tuple(self._certainty.with_confidence(plain))
            yield TimelineChanged(segments, self._timeline.speaking_ms)
        yield event

    def snapshot(self) -> State:
        """The timeline, and how certain it is."""
        return {"timeline": self._timeline.snapshot(), "certainty": self._certainty.snapshot()}

    def restore(self, state: State) -> None:
        """Goes on with the same timeline."""
        self._timeline.restore(cast(State, state["timeline"]))
        self._certainty.restore(cast("Mapping[str, Sequence[Sequence[float]]]", state["certainty"]))


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
            produces=frozenset({TimelineChanged}),
            load=lambda _options: LoadedStage(lambda _session: TimingAggregator()),
        )
    ]
