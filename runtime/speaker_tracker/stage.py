"""The stage contract between plugins and the pipeline.

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

from speaker_tracker.events import Event, VoiceModel
from speaker_tracker.protocol import KnownVoice

StateValue: TypeAlias = "bool | int | float | str | NDArray[Any] | Sequence[StateValue] | Mapping[str, StateValue] | None"
State: TypeAlias = Mapping[str, StateValue]
"""A stage's state in plain values and NumPy arrays, enough to continue in another process. Never audio."""


class StageOptions(BaseModel):
    """Base of every stage's options model: immutable; unknown names are rejected."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class StateMismatch(ValueError):
    """A state does not fit the stage it is restored into, such as one of another model."""


class StageLoadError(Exception):
    """A stage cannot be loaded as configured; the message is one sentence that says why and what to do."""


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """The session that a stage is opened for.

    ``num_speakers``: number of voices to track, 1 to 5. ``timeline``: whether the client requested timeline messages.
    ``others``: whether it requested to hear of the voices beyond those. ``confidence``: whether it asked how certain labels are.
    ``hints``: whether it requested hints; those that it did not are logged all the same.
    ``voiceprints``: whether it requested voiceprints. ``known_voices``: the voices to recognize; their prints are of the model and
    of the length that ``LoadedStage.voice_model`` of the chain says.
    """

    session_id: str
    num_speakers: int
    timeline: bool = False
    others: bool = False
    confidence: bool = False
    hints: bool = False
    voiceprints: bool = False
    known_voices: tuple[KnownVoice, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Inference:
    """A request to the shared model of a stage, passed to ``LoadedStage.infer`` together with those of other sessions.

    ``input``: one input of ``infer``. ``then``: called once with its result, in the order of the stage's inferences and before the
    stage is fed again; the events it returns take the place of the inference among the stage's answers.
    """

    input: Any
    then: Callable[[Any], Iterable[Event]]


Answer: TypeAlias = Event | Inference


@runtime_checkable
class Stage(Protocol):
    """One stage of one session. Calls come one at a time, though not always from the same thread."""

    def feed(self, event: Event) -> Iterable[Answer]:
        """Processes one event; the answers are complete when the returned iterable ends.

        The answers end with the event itself, so that later stages receive it as well, except for types in ``StageSpec.absorbs``,
        which the stage replaces. ``BadInput`` ends the session as the client's fault, any other exception as the server's.
        """
        ...

    def flush(self) -> Iterable[Answer]:
        """Called at the end of the session's audio: answers with all that was held back. A second flush answers nothing."""
        ...

    def snapshot(self) -> State:
        """The state between two calls of ``feed``; a new stage continues from it after ``restore``.

        Buffered audio is left out, and is lost to the restored stage.
        """
        ...

    def restore(self, state: State) -> None:
        """Restores a state from ``snapshot`` of the same stage with the same options; called before anything is fed.

        Raises ``StateMismatch`` if it does not fit.
        """
        ...

    def close(self) -> None:
        """Called exactly once at the end of the session, flushed or abandoned by its client; must be quick."""
        ...


@runtime_checkable
class ManyFeedingStage(Stage, Protocol):
    """A stage that can be fed several events at once, so that it asks its model once for all of them."""

    def feed_all(self, events: Sequence[Event]) -> Iterable[Answer]:
        """Answers what ``feed`` would for one event after the other, in the same order; there is no ``AudioGap`` among them."""
        ...


@runtime_checkable
class AudioHoldingStage(Stage, Protocol):
    """A stage that holds audio back while it needs more, so that a session is best saved at another moment."""

    def holds_audio(self) -> bool:
        """Whether a snapshot now would leave out audio that matters, such as that of a word under way."""
        ...


class StageBase:
    """Base for stages that hold nothing back and have nothing to release."""

    def flush(self) -> Iterable[Answer]:
        """Answers nothing."""
        return ()

    def close(self) -> None:
        """Does nothing."""


class StatelessStage(StageBase):
    """Base for stages without state between events."""

    def snapshot(self) -> State:
        """An empty state."""
        return {}

    def restore(self, state: State) -> None:
        """Does nothing."""


@dataclass(frozen=True, slots=True)
class LoadedStage:
    """The part of a stage that all sessions of a process share.

    ``open``: creates the stage object of one session.
    ``infer``: maps a batch of inputs of any sessions to their results in the same order; may be called from several threads at
    once, and again with the same input after a failure on a batch. Required for stages that answer with ``Inference``.
    ``infer_waits``: whether ``infer`` mostly waits for something outside of this process, such as a model on another machine; other
    sessions then go on meanwhile.
    ``close``: called once when the process is about to end and no session is open any more.
    ``info``: a few words for ``/health`` and the log, such as the model in use.
    ``counters``: monotonic totals since the stage was loaded, by names in lower case with underscores, for ``/health`` and
    observers; called at any time from any thread.
    ``voice_model``: the model of the embeddings that the stage produces; without it no voiceprint can be checked or made.
    ``reads_pcm``: of a decoder, whether it reads the PCM of the protocol. Clients count audio by that, so a session of another
    format cannot be resumed.
    """

    open: Callable[[SessionInfo], Stage]
    infer: Callable[[Sequence[Any]], Sequence[Any]] | None = None
    info: Mapping[str, str] = field(default_factory=dict)
    close: Callable[[], None] | None = None
    counters: Callable[[], Mapping[str, int]] | None = None
    voice_model: VoiceModel | None = None
    infer_waits: bool = False
    reads_pcm: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSpec:
    """A stage on offer.

    ``name``: unique, lower case with underscores; used in settings.
    ``summary``: one line for ``speaker-tracker stages``.
    ``options``: a subclass of ``StageOptions``.
    ``consumes``: the event types it reads; each must be produced before it in the chain.
    ``may_consume``: event types that it reads, too, where a stage before it produces them. Other events pass it by.
    ``produces``: the event types it adds.
    ``absorbs``: the consumed types that it does not pass on.
    ``load``: called once per process with the validated options; heavy imports belong inside it. The process may be forked
    afterwards, unless a thread was started, so connections belong elsewhere. Raises ``StageLoadError``.
    ``state_version``: of what ``snapshot`` gives; raised when ``restore`` can no longer read what an earlier version of it gave.
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
    may_consume: frozenset[type[Event]] = frozenset()
    state_version: int = 1


def float_array(value: StateValue) -> NDArray[np.float32]:
    """A float32 array from a value of a state."""
    return np.asarray(value, dtype=np.float32)
