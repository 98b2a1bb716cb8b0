"""The stage ``silero_vad``: segments of speech by the probabilities of the Silero model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from importlib.metadata import version
from typing import Annotated, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import AliasChoices, Field, model_validator

from speaker_tracker import hookimpl
from speaker_tracker.errors import UserError
from speaker_tracker.events import SAMPLE_RATE, AudioBlock, AudioGap, Event, SpeechAudio, SpeechEnded, SpeechStarted
from speaker_tracker.stage import (
    Answer,
    Inference,
    LoadedStage,
    SessionInfo,
    StageBase,
    StageLoadError,
    StageSpec,
    State,
    float_array,
)
from speaker_tracker.stagekit.muting import MutedMicrophone
from speaker_tracker.stagekit.speech_segmenter import FrameCutter, SegmentTimingOptions, SpeechSegmenter
from speaker_tracker_stages.silero_vad.level import LevelFollower
from speaker_tracker_stages.silero_vad.model import (
    CONTEXT,
    FRAME,
    STATE_SHAPE,
    SileroModel,
    SileroNetwork,
    SpeechQuery,
    SpeechScores,
)

FRAMES_PER_SECOND = SAMPLE_RATE / FRAME


class SileroVadOptions(SegmentTimingOptions):
    """Options of ``silero_vad``; durations are rounded to frames of 32 ms."""

    threshold: Annotated[float, Field(gt=0, lt=1)] = Field(0.4, description="probability from which a frame is speech")
    deactivation_threshold: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.25,
        validation_alias=AliasChoices("deactivation_threshold", "release"),
        description="probability below which a frame is silence",
    )
    level: bool = Field(True, description="amplify quiet recordings before the model hears them")
    backend: Literal["torch", "onnx"] = Field("torch", description="what runs the model: PyTorch, or ONNX Runtime (extra onnx)")

    @model_validator(mode="after")
    def _deactivation_below_activation(self) -> SileroVadOptions:
        if self.deactivation_threshold > self.threshold:
            raise ValueError(
                f"deactivation_threshold ({self.deactivation_threshold}) must not be above threshold ({self.threshold})"
            )
        return self


class SileroVad(StageBase):
    """One session's detector."""

    def __init__(self, options: SileroVadOptions) -> None:
        self._segmenter = SpeechSegmenter(
            options.segmenter(
                threshold=options.threshold, deactivation_threshold=options.deactivation_threshold, frame_samples=FRAME
            )
        )
        self._cutter = FrameCutter(FRAME)
        self._level = LevelFollower(FRAMES_PER_SECOND) if options.level else None
        self._context = np.zeros(CONTEXT, np.float32)
        self._state = np.zeros(STATE_SHAPE, np.float32)
        self._microphone = MutedMicrophone(FRAMES_PER_SECOND)

    def feed(self, event: Event) -> Iterator[Answer]:
        """Consumes audio blocks of any length; answers with the segments that these complete or begin. A gap ends a segment."""
        if isinstance(event, AudioGap):
            yield from self.flush()
        if not isinstance(event, AudioBlock):
            yield event
            return
        start, frames = self._cutter.feed(event)
        if len(frames):
            yield self._ask(start, frames)
        yield event

    def flush(self) -> Iterator[Answer]:
        """Fills up the last frame with silence, then ends the segment under way; what follows is heard afresh."""
        start, rest = self._cutter.flush()
        if len(rest):
            yield self._ask(start, np.pad(rest, (0, FRAME - len(rest)))[np.newaxis], last=len(rest))
        else:
            yield from self._end()

    def snapshot(self) -> State:
        """Segment, level and the recurrent state; not the context of 4 ms nor frames held back, as they are audio."""
        level = 0.0 if self._level is None else self._level.level
        return {"segmenter": self._segmenter.snapshot(), "level": level, "state": self._state}

    def restore(self, state: State) -> None:
        """Goes on in silence: a segment under way has ended."""
        self._segmenter.restore(cast(State, state["segmenter"]))
        self._state = float_array(state["state"])
        if self._level is not None:
            self._level.level = cast(float, state["level"])

    def _ask(self, start: int, frames: NDArray[np.float32], *, last: int | None = None) -> Inference:
        heard = frames if self._level is None else self._level.amplified(frames)
        stream = np.concatenate([self._context, heard.reshape(-1)])
        windows = np.lib.stride_tricks.sliding_window_view(stream, CONTEXT + FRAME)[::FRAME]
        self._context = stream[-CONTEXT:].copy()
        return Inference(
            SpeechQuery(windows, self._microphone.audible(frames), self._state), partial(self._answer, start, frames, last)
        )

    def _answer(self, start: int, frames: NDArray[np.float32], last: int | None, scores: SpeechScores) -> Iterable[Event]:
        """``last``: number of samples that are audio in the last frame before a gap or the end; None for all other frames."""
        self._state = scores.state
        for number, (frame, probability) in enumerate(zip(frames, scores.probabilities.tolist(), strict=True)):
            yield from self._segmenter.feed(start + number * FRAME, frame[:last].copy(), probability)
        if last is not None:
            yield from self._end()

    def _end(self) -> Iterator[Event]:
        yield from self._segmenter.flush()
        self._context = np.zeros(CONTEXT, np.float32)
        self._state = np.zeros(STATE_SHAPE, np.float32)
        self._microphone = MutedMicrophone(FRAMES_PER_SECOND)


def _network(backend: str) -> SileroNetwork:
    if backend == "onnx":
        from speaker_tracker_stages.silero_vad.onnx_backend import OnnxNetwork  # noqa: PLC0415 - only where it is asked for

        return OnnxNetwork()
    from speaker_tracker_stages.silero_vad.torch_backend import TorchNetwork  # noqa: PLC0415 - imports PyTorch

    return TorchNetwork()


def _load(options: SileroVadOptions) -> LoadedStage:
    try:
        model = SileroModel(_network(options.backend))
    except UserError as error:
        raise StageLoadError(str(error)) from error

    def open_session(_session: SessionInfo) -> SileroVad:
        return SileroVad(options)

    infer: Any = model.infer
    return LoadedStage(open_session, infer, {"model": f"silero-vad {version('silero-vad')}", "backend": options.backend})


@hookimpl
def speaker_tracker_stages() -> Sequence[StageSpec]:
    """Offers ``silero_vad``."""
    return [
        StageSpec(
            name="silero_vad",
            summary="finds speech with the Silero model",
            options=SileroVadOptions,
            consumes=frozenset({AudioBlock, AudioGap}),
            produces=frozenset({SpeechStarted, SpeechAudio, SpeechEnded}),
            load=_load,
            cpu_heavy=True,
        )
    ]
