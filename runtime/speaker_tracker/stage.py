"""The stage contract: what a plugin provides and what the pipeline expects of it.

A *specification* names a stage, its options, what it consumes and produces, and how to load it. Loading happens once per process
and yields a *loaded stage*, which holds what sessions share (weights, compiled models). It opens one light *stage* object per
session: plain synchronous code that is fed an event and answers with events.

Work for the shared model is not done inside ``feed``: the stage answers with an ``Inference``, whose result comes back before the
stage is fed again. So the runtime is free to put the windows of many sessions into one model call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from speaker_tracker.events import Event

StateValue: TypeAlias = "bool | int | float | str | NDArray[Any] | Sequence[StateValue] | Mapping[str, StateValue] | None"
State: TypeAlias = Mapping[str, StateValue]
"""A stage's memory in plain values and NumPy arrays, enough to go on in another process. Never audio."""


class StageOptions(BaseModel):
    """Base of every options model: immutable, and unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class StateMismatch(ValueError):
    """A state does not fit the stage that is to take it over, such as that of another model."""


class StageLoadError(Exception):
    """A stage cannot be loaded as configured; the message is one sentence that says why and what to do."""


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """What a stage may know of the session it is opened for.

    ``num_speakers``: how many voices are tracked, 1 to 5. ``timeline``: the client asked for timeline messages.
    """

    session_id: str
    num_speakers: int
    timeline: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Inference:
    """Work for the shared model of a stage, handed to ``LoadedStage.infer`` together with that of other sessions.

    ``input``: anything that ``infer`` takes one of. ``then`` is called once with its result, in the order of the stage's
    inferences and before the stage is fed again; the events it returns stand where the inference stood among the stage's answers.
    """

    input: Any
    then: Callable[[Any], Iterable[Event]]


Answer: TypeAlias = Event | Inference


@runtime_checkable
class Stage(Protocol):
    """One stage of one session. Calls come one at a time, though not always from the same thread."""

    def feed(self, event: Event) -> Iterable[Answer]:
        """Takes one event in; what it answers is complete when the returned iterable ends.

        Every event is answered with itself too, behind what it led to, so that stages further on can hear it as well; except
        those of the types in ``StageSpec.absorbs``, which the stage replaces. ``BadInput`` ends the session with the
        client to blame, any other exception with the server to blame.
        """
        ...

    def flush(self) -> Iterable[Answer]:
        """The session's audio is over: answers with all that was held back. A second flush answers nothing."""
        ...

    def snapshot(self) -> State:
        """The state between two calls of ``feed``; a fresh stage that is given it by ``restore`` goes on from there.

        Audio is left out: what a stage holds of it is lost to the restored one.
        """
        ...

    def restore(self, state: State) -> None:
        """Takes over a state that ``snapshot`` of the same stage with the same options gave; called before anything is fed.

        Raises ``StateMismatch`` where it does not fit.
        """
        ...

    def close(self) -> None:
        """The session is over, whether it was flushed or its client vanished; called exactly once, and must be quick."""
        ...


class StageBase:
    """Base for stages: nothing is held back, and nothing has to be let go of."""

    def flush(self) -> Iterable[Answer]:
        """Nothing was held back."""
        return ()

    def close(self) -> None:
        """Nothing to let go of."""


class StatelessStage(StageBase):
    """Base for stages that remember nothing between two events."""

    def snapshot(self) -> State:
        """Nothing is remembered."""
        return {}

    def restore(self, state: State) -> None:
        """Nothing to take over."""


@dataclass(frozen=True, slots=True)
class LoadedStage:
    """What one process shares of a stage.

    ``open``: makes the object for one session.
    ``infer``: takes the inputs of one or more inferences, of any sessions, and gives their results in the same order; may be
    called from several threads at once, and again with the same input where it failed on several together. A stage that answers
    with ``Inference`` must have it.
    ``close``: called once when the process is about to end and no session is open any more.
    ``info``: a few words for ``/health`` and the log, such as the model in use.
    ``counters``: totals since the stage was loaded, by names in lower case with underscores, for ``/health`` and observers; never
    less than before, asked for at any time from any thread.
    """

    open: Callable[[SessionInfo], Stage]
    infer: Callable[[Sequence[Any]], Sequence[Any]] | None = None
    info: Mapping[str, str] = field(default_factory=dict)
    close: Callable[[], None] | None = None
    counters: Callable[[], Mapping[str, int]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSpec:
    """A stage on offer.

    ``name``: unique, lower case with underscores; what settings call it.
    ``summary``: one line for ``speaker-tracker stages``.
    ``options``: a subclass of ``StageOptions``.
    ``consumes``: the event types it reads; each must be produced before it in the chain.
    ``produces``: the event types it adds.
    ``absorbs``: those of the types it consumes that it does not pass on.
    ``load``: called once per process with the validated options; heavy imports belong inside it. Raises ``StageLoadError``.
    ``cpu_heavy``: feeding it can take more than a millisecond; a chain with such a stage runs off the event loop.
    """

    name: str
    summary: str
    options: type[StageOptions] = StageOptions
    consumes: frozenset[type[Event]]
    produces: frozenset[type[Event]]
    absorbs: frozenset[type[Event]] = frozenset()
    load: Callable[[Any], LoadedStage]
    cpu_heavy: bool = False


def float_array(value: StateValue) -> NDArray[np.float32]:
    """A float32 array out of a state, whatever it was stored as."""
    return np.asarray(value, dtype=np.float32)
