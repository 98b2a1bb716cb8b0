"""Marks on threads of a profiled server: which stage a thread works for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from threading import get_ident
from time import thread_time
from typing import Any, TypeVar

from speaker_tracker.events import Event
from speaker_tracker.stage import Answer, Inference, LoadedStage, SessionInfo, Stage, StageSpec, State

Result = TypeVar("Result")

STAGE_OF_THREAD: dict[int, str] = {}
"""The stage that a thread works for, by the thread's ident; threads outside of all stages are missing."""
CPU_OF_THREAD: dict[int, dict[str, float]] = {}
"""CPU seconds that a thread has spent for each stage, by the thread's ident; only that thread writes them."""


def marked(stage: str, call: Callable[..., Result], *arguments: Any) -> Result:
    """Calls ``call`` while this thread is marked as working for ``stage``; the CPU time counts to that stage alone."""
    ident = get_ident()
    outer = STAGE_OF_THREAD.get(ident)
    STAGE_OF_THREAD[ident] = stage
    began = thread_time()
    try:
        return call(*arguments)
    finally:
        used = thread_time() - began
        times = CPU_OF_THREAD.setdefault(ident, {})
        times[stage] = times.get(stage, 0.0) + used
        if outer is None:
            del STAGE_OF_THREAD[ident]
        else:
            times[outer] = times.get(outer, 0.0) - used
            STAGE_OF_THREAD[ident] = outer


class MarkedStage:
    """A stage object whose calls are marked; whatever else it has is that of ``stage``."""

    def __init__(self, name: str, stage: Stage) -> None:
        self._name = name
        self._stage = stage

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._stage, attribute)

    def feed(self, event: Event) -> list[Answer]:
        """The answers of the stage."""
        return marked(self._name, self._answers, self._stage.feed, event)

    def flush(self) -> list[Answer]:
        """The answers of the stage."""
        return marked(self._name, self._answers, self._stage.flush)

    def snapshot(self) -> State:
        """The state of the stage."""
        return self._stage.snapshot()

    def restore(self, state: State) -> None:
        """Restores the stage."""
        self._stage.restore(state)

    def close(self) -> None:
        """Closes the stage."""
        self._stage.close()

    def _answers(self, call: Callable[..., Iterable[Answer]], *arguments: Any) -> list[Answer]:
        return [self._then_marked(answer) for answer in call(*arguments)]

    def _then_marked(self, answer: Answer) -> Answer:
        if not isinstance(answer, Inference):
            return answer
        then = answer.then
        return replace(answer, then=lambda result: marked(self._name, lambda: list(then(result))))


def with_marks(spec: StageSpec, name: str) -> StageSpec:
    """The stage as ``name``; while its code or its model runs in a thread, the thread is marked with the stage's own name."""
    own = spec.name

    def load(options: Any) -> LoadedStage:
        loaded = spec.load(options)
        opened, infer = loaded.open, loaded.infer

        def open_marked(session: SessionInfo) -> Stage:
            return MarkedStage(own, opened(session))

        def infer_marked(inputs: Sequence[Any]) -> Sequence[Any]:
            assert infer is not None  # noqa: S101 - given to the engine only where there is one
            return marked(own, infer, inputs)

        return replace(loaded, open=open_marked, infer=None if infer is None else infer_marked)

    return replace(spec, name=name, load=load)
