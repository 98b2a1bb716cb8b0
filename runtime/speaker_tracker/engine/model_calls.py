"""Calls of shared models: what one session wants to know of a model, answered alone or together with what others want to know."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from time import thread_time
from typing import Any, TypeAlias, TypeVar

Infer: TypeAlias = Callable[[Sequence[Any]], Sequence[Any]]
"""Maps inputs of any sessions to their results, in the same order: ``LoadedStage.infer``."""

Result = TypeVar("Result")

MAX_BATCH = 32
"""Maximum number of inputs in one call of ``infer``."""


@dataclass(slots=True, eq=False)
class ModelCall:
    """Inputs of one session for the shared model of a stage.

    ``place``: of the stage in its chain. ``infer``: its model; calls with the same one can be answered together. ``waits``: whether
    ``infer`` waits for another process rather than computes. ``seconds``: CPU time of the answer, a share of that of the batch; set
    with the answer. ``answered``: whether ``results`` or ``error`` is set.
    """

    place: int
    infer: Infer
    inputs: Sequence[Any]
    waits: bool = False
    seconds: float = 0.0
    results: list[Any] = field(default_factory=list)
    error: BaseException | None = None
    answered: bool = False

    def answer_alone(self) -> None:
        """Sets ``results`` or ``error``."""
        begin = thread_time()
        try:
            self.results = checked(self.infer, self.inputs)
        except (Exception, SystemExit) as error:  # whatever a model raises is told to the session that asked
            self.error = error
        self.seconds += thread_time() - begin
        self.answered = True


Steps: TypeAlias = Generator[ModelCall, None, Result]
"""Work of one session that pauses at each model call and goes on once that has its answer."""


def run_alone(steps: Steps[Result]) -> Result:
    """Runs ``steps`` to their end in this thread, each model call by itself."""
    while True:
        try:
            call = next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result
        call.answer_alone()


def answer_together(calls: Sequence[ModelCall]) -> None:
    """Answers calls of the same model, in as few calls of ``infer`` as ``MAX_BATCH`` allows.

    If ``infer`` fails on a batch, its calls are answered one by one, so that only those concerned get the exception.
    """
    batch: list[ModelCall] = []
    size = 0
    for call in calls:
        if batch and size + len(call.inputs) > MAX_BATCH:
            _answer_batch(batch, size)
            batch, size = [], 0
        batch.append(call)
        size += len(call.inputs)
    if batch:
        _answer_batch(batch, size)


def _answer_batch(batch: Sequence[ModelCall], size: int) -> None:
    if len(batch) == 1:
        batch[0].answer_alone()
        return
    begin = thread_time()
    try:
        results = checked(batch[0].infer, [item for call in batch for item in call.inputs])
    except (Exception, SystemExit):
        # Whose input it was is found out by asking for each alone.
        for call in batch:
            call.answer_alone()
        return
    seconds = (thread_time() - begin) / max(1, size)
    position = 0
    for call in batch:
        call.results = results[position : position + len(call.inputs)]
        call.seconds += seconds * len(call.inputs)
        call.answered = True
        position += len(call.inputs)


def checked(infer: Infer, inputs: Sequence[Any]) -> list[Any]:
    """Results of ``infer``. Raises ``RuntimeError`` where their number is not that of the inputs, and whatever ``infer`` raises."""
    results = list(infer(inputs))
    if len(results) != len(inputs):
        raise RuntimeError(f"infer gave {len(results)} results for {len(inputs)} inputs")
    return results
