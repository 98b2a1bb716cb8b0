"""Runs one stage alone, with inferences resolved by its own shared model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.audio.pcm import encode_pcm
from speaker_tracker.engine.pipeline import OpenStage, Pipeline
from speaker_tracker.events import AudioBlock, Event, PcmReceived, SpeechAudio
from speaker_tracker.protocol.audio_format import BYTES_PER_SAMPLE
from speaker_tracker.stage import LoadedStage, SessionInfo, StageSpec

E = TypeVar("E", bound=Event)

BLOCK_SAMPLES = 512
AUDIO_TYPES = (PcmReceived, AudioBlock, SpeechAudio)


def open_stage(
    loaded: LoadedStage,
    *,
    num_speakers: int = 2,
    timeline: bool = True,
    name: str = "stage",
    session: SessionInfo | None = None,
) -> Pipeline:
    """A session's pipeline of this stage alone. ``session``: in the place of ``num_speakers`` and ``timeline``."""
    stage = loaded.open(session or SessionInfo("test", num_speakers, timeline))
    return Pipeline([OpenStage(name, stage, loaded.infer)])


def run_stage(
    stage: StageSpec | LoadedStage | Pipeline, events: Iterable[Event], *, flush: bool = True, **options: Any
) -> list[Event]:
    """All answers of a stage to ``events``, in order, including held-back ones if it is flushed.

    ``stage``: a specification, which is loaded with ``options`` and opened for a session of two speakers; a loaded stage, which is
    opened likewise; or a pipeline of ``open_stage``, which continues. Raises ``pydantic.ValidationError`` for invalid options,
    ``StageLoadError``, and ``StageFailure`` if the stage raises.
    """
    if isinstance(stage, StageSpec):
        loaded = stage.load(stage.options.model_validate(options))
        try:
            return run_stage(loaded, events, flush=flush)
        finally:
            if loaded.close is not None:
                loaded.close()
    if isinstance(stage, LoadedStage):
        stage = open_stage(stage)
    out = [answer for event in events for answer in stage.feed(event)]
    return out + stage.flush() if flush else out


def of_type(kind: type[E], events: Iterable[Event]) -> list[E]:
    """The events of one type, in order."""
    return [event for event in events if isinstance(event, kind)]


def audio_blocks(samples: NDArray[np.float32], size: int = BLOCK_SAMPLES, start: int = 0) -> list[AudioBlock]:
    """``samples`` (float32 within [-1, 1], shape ``(n,)``, 16 kHz) as consecutive blocks of ``size`` samples."""
    return [AudioBlock(start + offset, samples[offset : offset + size]) for offset in range(0, len(samples), size)]


def pcm_frames(samples: NDArray[np.float32], size: int) -> list[PcmReceived]:
    """``samples`` (float32 within [-1, 1], shape ``(n,)``, 16 kHz) as a client sends them, ``size`` samples a frame."""
    pcm = encode_pcm(samples)
    step = BYTES_PER_SAMPLE * size
    return [PcmReceived(pcm[offset : offset + step]) for offset in range(0, len(pcm), step)]


def recut(events: Iterable[Event], size: int | None) -> list[Event]:
    """The same audio in other pieces: consecutive events of one audio type joined, and cut into ``size`` samples.

    ``size`` None: only joined. All other events are unchanged and in place.
    """
    out: list[Event] = []
    for kind, run in groupby(events, type):
        if kind in AUDIO_TYPES:
            out += _pieces(list(run), size)
        else:
            out += run
    return out


def _pieces(run: Sequence[Any], size: int | None) -> list[Event]:
    if isinstance(run[0], PcmReceived):
        data = b"".join(event.data for event in run)
        step = BYTES_PER_SAMPLE * size if size else max(1, len(data))
        return [PcmReceived(data[offset : offset + step]) for offset in range(0, len(data), step)]
    kind, start = type(run[0]), run[0].start
    samples = np.concatenate([event.samples for event in run])
    step = size or len(samples)
    return [kind(start + offset, samples[offset : offset + step]) for offset in range(0, len(samples), step)]
