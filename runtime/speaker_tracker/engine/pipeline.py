"""Runs the stages of one session: each stage's output is the next one's input."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from speaker_tracker.errors import BadInput
from speaker_tracker.events import Event
from speaker_tracker.stage import Answer, Inference, Stage, State

logger = logging.getLogger(__name__)


class StageFailure(Exception):
    """A stage raised an unexpected exception; ``stage`` is its name, ``__cause__`` the exception."""

    def __init__(self, stage: str) -> None:
        super().__init__(f"stage {stage!r} failed")
        self.stage = stage


@dataclass(frozen=True, slots=True)
class OpenStage:
    """A stage's object for this session and how its inferences are run."""

    name: str
    stage: Stage
    infer: Callable[[Sequence[Any]], Sequence[Any]] | None


class Pipeline:
    """The stages of one session, in order. Not to be used from two threads at once.

    ``on_stage_time``: called after each call of a stage with its name and the wall-clock seconds, including shared inference.

    Raises ``BadInput`` where a stage blames the client and ``StageFailure`` where a stage fails; after either it must not be used.
    """

    def __init__(self, stages: Sequence[OpenStage], on_stage_time: Callable[[str, float], object] | None = None) -> None:
        self._stages = tuple(stages)
        self._on_stage_time = on_stage_time

    def feed(self, event: Event) -> list[Event]:
        """Feeds ``event`` to the first stage; returns what comes out of the last."""
        return self._run_from(0, [event])

    def flush(self) -> list[Event]:
        """Flushes each stage once the flushed events of those before it have passed through it; returns what comes out."""
        out: list[Event] = []
        for index, opened in enumerate(self._stages):
            held_back = self._answers(opened, opened.stage.flush)
            out += self._run_from(index + 1, held_back)
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

    def snapshot(self) -> dict[str, State]:
        """The state of every stage, by name; without audio."""
        return {opened.name: opened.stage.snapshot() for opened in self._stages}

    def restore(self, states: dict[str, State]) -> None:
        """Restores a ``snapshot`` of a chain of the same stages."""
        for opened in self._stages:
            opened.stage.restore(states[opened.name])

    def _run_from(self, index: int, events: list[Event]) -> list[Event]:
        for opened in self._stages[index:]:
            events = [answer for event in events for answer in self._answers(opened, partial(opened.stage.feed, event))]
            if not events:
                break
        return events

    def _answers(self, opened: OpenStage, call: Callable[[], Iterable[Answer]]) -> list[Event]:
        if self._on_stage_time is None:
            return self._called(opened, call)
        begin = time.perf_counter()
        try:
            return self._called(opened, call)
        finally:
            self._on_stage_time(opened.name, time.perf_counter() - begin)

    def _called(self, opened: OpenStage, call: Callable[[], Iterable[Answer]]) -> list[Event]:
        try:
            answers = list(call())
            inferences = [answer for answer in answers if isinstance(answer, Inference)]
            if not inferences:
                return answers  # type: ignore[return-value]
            return self._resolved(opened, answers, inferences)
        except BadInput:
            raise
        except Exception as error:
            raise StageFailure(opened.name) from error

    def _resolved(self, opened: OpenStage, answers: list[Answer], inferences: list[Inference]) -> list[Event]:
        if opened.infer is None:
            raise TypeError(f"stage {opened.name!r} answered with an Inference, but its LoadedStage has no infer")
        results = iter(opened.infer([inference.input for inference in inferences]))
        events: list[Event] = []
        for answer in answers:
            if isinstance(answer, Inference):
                events.extend(answer.then(next(results)))
            else:
                events.append(answer)
        return events


class _Observed(Pipeline):
    def __init__(
        self,
        stages: Sequence[OpenStage],
        observe: Callable[[Event], object],
        on_stage_time: Callable[[str, float], object] | None = None,
    ) -> None:
        super().__init__(stages, on_stage_time)
        self._observe = observe

    def feed(self, event: Event) -> list[Event]:
        return self._observe_all(super().feed(event))

    def flush(self) -> list[Event]:
        return self._observe_all(super().flush())

    def _observe_all(self, events: list[Event]) -> list[Event]:
        for event in events:
            self._observe(event)
        return events
