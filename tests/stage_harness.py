"""Runs one stage by itself: events in, events out, inferences resolved by the stage's own shared model."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events import AudioBlock, Event, PcmReceived
from speaker_tracker.pipeline import OpenStage, Pipeline
from speaker_tracker.plugins import PluginManager
from speaker_tracker.stage import LoadedStage, SessionInfo

E = TypeVar("E", bound=Event)
BLOCK = 512


def load(name: str, **options: Any) -> LoadedStage:
    """The stage of that name as its plugin offers it, loaded with ``options``."""
    spec = PluginManager().stages[name].spec
    return spec.load(spec.options.model_validate(options))


def open_stage(loaded: LoadedStage, *, num_speakers: int = 2, timeline: bool = True) -> Pipeline:
    """A pipeline of this stage alone."""
    stage = loaded.open(SessionInfo("test", num_speakers, timeline))
    infer: Callable[[Sequence[Any]], Sequence[Any]] | None = loaded.infer
    return Pipeline([OpenStage("stage", stage, infer)])


def run(pipeline: Pipeline, events: Iterable[Event], *, flush: bool = True) -> list[Event]:
    """All that comes out, the flush included."""
    out = [answer for event in events for answer in pipeline.feed(event)]
    return out + pipeline.flush() if flush else out


def of_type(kind: type[E], events: Iterable[Event]) -> list[E]:
    """Those of one type, in order."""
    return [event for event in events if isinstance(event, kind)]


def blocks(samples: NDArray[np.float32], size: int = BLOCK, start: int = 0) -> list[AudioBlock]:
    """``samples`` as consecutive audio blocks."""
    return [AudioBlock(start + offset, samples[offset : offset + size]) for offset in range(0, len(samples), size)]


def frames(samples: NDArray[np.float32], size: int) -> list[PcmReceived]:
    """``samples`` as a client sends them, ``size`` samples a frame."""
    pcm = np.round(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    return [PcmReceived(pcm[offset : offset + 2 * size]) for offset in range(0, len(pcm), 2 * size)]
