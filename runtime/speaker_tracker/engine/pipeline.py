"""Runs the stages of one session: each stage's output is the next one's input."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from time import thread_time
from typing import TypeVar

from speaker_tracker.engine.model_calls import Infer, ModelCall, Steps, run_alone
from speaker_tracker.errors import BadInput
from speaker_tracker.events import AudioGap, Event
from speaker_tracker.stage import Answer, Inference, Stage, State

logger = logging.getLogger(__name__)

_Answer = TypeVar("_Answer", bound=Answer)

MAX_ANSWERS = 100_000
"""Most answers of a stage to one event, and most events of one inference: far more than any need, and few enough for the memory."""


class StageFailure(Exception):
    """A stage raised an unexpected exception; ``stage`` is its name, ``__cause__`` the exception."""

    def __init__(self, stage: str) -> None:
        super().__init__(f"stage {stage!r} failed")
        self.stage = stage


class EventFilter:
    """Tells which events a stage is fed; shared by all sessions of a chain."""

    def __init__(self, types: Iterable[type[Event]]) -> None:
        """``types``: those that the stage reads; events of derived types count."""
        self._types = tuple(types)
        self._known: dict[type[Event], bool] = {}

    def lets_in(self, event: Event) -> bool:
        """Whether the stage is fed ``event``."""
        kind = type(event)
        known = self._known.get(kind)
        if known is None:
            known = self._known[kind] = issubclass(kind, self._types)
        return known


@dataclass(frozen=True, slots=True)
class OpenStage:
    """A stage's object for this session, and its model.

    ``reads``: the events that it is fed, others pass it by; None: all. ``waits``: as in ``ModelCall``.
    """

    name: str
    stage: Stage
    infer: Infer | None
    reads: EventFilter | None = None
    waits: bool = False


class Pipeline:
    """The stages of one session, in order. Not to be used from two threads at once.

    ``feed`` and ``flush`` call shared models by themselves. ``feeding`` and ``flushing`` pause at each model call instead, so that
    whoever runs them can answer the calls of many sessions together.

    ``on_stage_time``: called once for each stage of a step, with its name and the CPU seconds that it took, including its share of
    shared model calls.

    Raises ``BadInput`` where a stage blames the client and ``StageFailure`` where a stage fails; after either it must not be used.
    """

    def __init__(self, stages: Sequence[OpenStage], on_stage_time: Callable[[str, float], object] | None = None) -> None:
        self._stages = tuple(stages)
        self._on_stage_time = on_stage_time

    def feed(self, event: Event) -> list[Event]:
        """Feeds ``event`` to the first stage; returns what comes out of the last."""
        return run_alone(self.feeding(event))

    def flush(self) -> list[Event]:
        """Flushes each stage once the flushed events of those before it have passed through it; returns what comes out."""
        return run_alone(self.flushing())

    def feeding(self, event: Event) -> Steps[list[Event]]:
        """``feed`` that pauses at model calls."""
        return self._running(0, [event])

    def flushing(self) -> Steps[list[Event]]:
        """``flush`` that pauses at model calls."""
        out: list[Event] = []
        for place, opened in enumerate(self._stages):
            held_back = yield from self._answered(place, opened, _flush_of(opened.stage))
            out += yield from self._running(place + 1, held_back)
        return out

    def close(self) -> None:
        """Closes every stage; an exception of one is logged, and the others are still closed."""
        for opened in self._stages:
            try:
                opened.stage.close()
            except Exception:
                logger.exception("stage %r failed to close", opened.name)

    def observed(self, observe: Callable[[Event], object]) -> Pipeline:
        """A pipeline of the same stages, to be used instead of this one, that calls ``observe`` with every event that comes out."""
        return _Observed(self._stages, observe, self._on_stage_time)

    @property
    def is_settled(self) -> bool:
        """Whether no stage says that a snapshot would leave out audio which it still needs."""
        asked: list[Callable[[], bool] | None] = [getattr(opened.stage, "holds_audio", None) for opened in self._stages]
        return not any(holds_audio() for holds_audio in asked if holds_audio is not None)

    def snapshot(self) -> dict[str, State]:
        """The state of every stage, by name; without audio."""
        return {opened.name: opened.stage.snapshot() for opened in self._stages}

    def restore(self, states: Mapping[str, State]) -> None:
        """Restores a ``snapshot`` of a chain of the same stages."""
        for opened in self._stages:
            opened.stage.restore(states[opened.name])

    def _running(self, first: int, events: list[Event]) -> Steps[list[Event]]:
        for place in range(first, len(self._stages)):
            if not events:
                break
            opened = self._stages[place]
            reads = opened.reads
            if reads is None or any(reads.lets_in(event) for event in events):
                events = yield from self._answered(place, opened, _answers_to(opened, events))
        return events

    def _answered(
        self, place: int, opened: OpenStage, answers: Generator[list[Answer], None, None]
    ) -> Generator[ModelCall, None, list[Event]]:
        """Events of a stage's answers, piece by piece, as each piece may need the model before the next is asked for."""
        stopwatch = None if self._on_stage_time is None else Stopwatch()
        events: list[Event] = []
        try:
            for piece in answers:
                inferences = [answer for answer in piece if isinstance(answer, Inference)]
                if not inferences:
                    events += _checked(piece)
                    continue
                call = _model_call(place, opened, inferences)
                if stopwatch is None:
                    yield call
                else:
                    stopwatch.pause()
                    yield call
                    stopwatch.resume(call.seconds)
                events += _resolved(piece, call)
        except BadInput:
            raise
        except (Exception, SystemExit) as error:  # a library that would end the process is to end the session
            raise StageFailure(opened.name) from error
        finally:
            if stopwatch is not None and self._on_stage_time is not None:
                stopwatch.pause()
                self._on_stage_time(opened.name, stopwatch.seconds)
        return events


class Stopwatch:
    """CPU time of the calling thread, which may be another one after each pause."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._begin = thread_time()

    def pause(self) -> None:
        """Stops."""
        self.seconds += thread_time() - self._begin

    def resume(self, more: float = 0.0) -> None:
        """Goes on, with ``more`` seconds that were spent elsewhere."""
        self.seconds += more
        self._begin = thread_time()


def _answers_to(opened: OpenStage, events: Sequence[Event]) -> Generator[list[Answer], None, None]:
    feed, reads = opened.stage.feed, opened.reads
    feed_all: Callable[[Sequence[Event]], Iterable[Answer]] | None = getattr(opened.stage, "feed_all", None)
    if feed_all is not None and len(events) > 1 and not any(isinstance(event, AudioGap) for event in events):
        yield _bounded(feed_all(events))
        return
    for event in events:
        yield [event] if reads is not None and not reads.lets_in(event) else _bounded(feed(event))


def _flush_of(stage: Stage) -> Generator[list[Answer], None, None]:
    yield _bounded(stage.flush())


def _bounded(answers: Iterable[_Answer]) -> list[_Answer]:
    """All answers, of a stage whose answers end. Raises ``RuntimeError`` for one whose answers do not."""
    found = list(islice(answers, MAX_ANSWERS + 1))
    if len(found) > MAX_ANSWERS:
        raise RuntimeError(f"a stage gave more than {MAX_ANSWERS} answers at once; they must end")
    return found


def _checked(answers: Sequence[Answer]) -> Sequence[Event]:
    for answer in answers:
        if not isinstance(answer, Event):
            raise TypeError(f"a stage answered with {type(answer).__name__}, which is neither an event nor an Inference")
    return answers  # type: ignore[return-value]


def _model_call(place: int, opened: OpenStage, inferences: Sequence[Inference]) -> ModelCall:
    if opened.infer is None:
        raise TypeError(f"stage {opened.name!r} answered with an Inference, but its LoadedStage has no infer")
    return ModelCall(place, opened.infer, [inference.input for inference in inferences], opened.waits)


def _resolved(answers: Sequence[Answer], call: ModelCall) -> list[Event]:
    if call.error is not None:
        raise call.error
    results = iter(call.results)
    events: list[Event] = []
    for answer in answers:
        if isinstance(answer, Inference):
            events += _bounded(answer.then(next(results)))
        else:
            events.append(answer)
    return list(_checked(events))


class _Observed(Pipeline):
    def __init__(
        self,
        stages: Sequence[OpenStage],
        observe: Callable[[Event], object],
        on_stage_time: Callable[[str, float], object] | None = None,
    ) -> None:
        super().__init__(stages, on_stage_time)
        self._observe = observe

    def feeding(self, event: Event) -> Steps[list[Event]]:
        return self._observing(super().feeding(event))

    def flushing(self) -> Steps[list[Event]]:
        return self._observing(super().flushing())

    def _observing(self, steps: Steps[list[Event]]) -> Steps[list[Event]]:
        events = yield from steps
        for event in events:
            self._observe(event)
        return events
