"""The stage ``silero_vad``: segments of speech by the probabilities of the Silero model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
NO_FRAMES = np.empty((0, FRAME), np.float32)


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


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """An event, with the position of the first of the frames that it completes, and these, shape ``(n, FRAME)``."""

    event: Event
    start: int
    frames: NDArray[np.float32]


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
            yield event
        else:
            yield from self.feed_all([event])

    def feed_all(self, events: Sequence[Event]) -> Iterator[Answer]:
        """As ``feed``, with one question for the frames of all blocks."""
        pieces = [
            _Piece(event, *(self._cutter.feed(event) if isinstance(event, AudioBlock) else (0, NO_FRAMES))) for event in events
        ]
        frames = np.concatenate([piece.frames for piece in pieces])
        if len(frames):
            yield Inference(self._query(frames), partial(self._answer, pieces))
        else:
            yield from events

    def flush(self) -> Iterator[Answer]:
        """Fills up the last frame with silence, then ends the segment under way; what follows is heard afresh."""
        start, rest = self._cutter.flush()
        if len(rest):
            filled = np.pad(rest, (0, FRAME - len(rest)))[np.newaxis]
            yield Inference(self._query(filled), partial(self._answer_rest, start, rest.copy()))
        else:
            yield from self._end()

    def holds_audio(self) -> bool:
        """Whether a segment is under way, or may just have begun."""
        return self._segmenter.holds_audio()

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

    def _query(self, frames: NDArray[np.float32]) -> SpeechQuery:
        heard = frames if self._level is None else self._level.amplified(frames)
        stream = np.concatenate([self._context, heard.reshape(-1)])
        windows = np.lib.stride_tricks.sliding_window_view(stream, CONTEXT + FRAME)[::FRAME]
        self._context = stream[-CONTEXT:].copy()
        return SpeechQuery(windows, self._microphone.audible(frames), self._state)

    def _answer(self, pieces: Sequence[_Piece], scores: SpeechScores) -> Iterator[Event]:
        self._state = scores.state
        probabilities = iter(scores.probabilities.tolist())
        for piece in pieces:
            for number, frame in enumerate(piece.frames):
                yield from self._segmenter.feed(piece.start + number * FRAME, frame.copy(), next(probabilities))
            yield piece.event

    def _answer_rest(self, start: int, rest: NDArray[np.float32], scores: SpeechScores) -> Iterator[Event]:
        """What was filled up with silence before a gap or the end."""
        yield from self._segmenter.feed(start, rest, float(scores.probabilities[0]))
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
