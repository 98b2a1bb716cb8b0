"""``silero_vad``: finds speech with the Silero model, whose weights all sessions share.

Model: silero-vad 6 (MIT), the TorchScript form that its package carries; it takes 512 new samples with 64 samples of context and
a recurrent state, and gives the probability of speech.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Annotated, Any, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from speaker_tracker import hookimpl
from speaker_tracker.events import SAMPLE_RATE, AudioBlock, Event, SpeechAudio, SpeechEnded, SpeechStarted
from speaker_tracker.speech_segmenter import FrameCutter, SegmentTimingOptions, SpeechSegmenter
from speaker_tracker.stage import Answer, Inference, LoadedStage, SessionInfo, StageBase, StageSpec, State, float_array
from speaker_tracker_stages.level import LevelFollower

FRAME = 512
CONTEXT = 64
STATE_SHAPE = (2, 1, 128)
FRAMES_PER_SECOND = SAMPLE_RATE / FRAME
MUTED = 1.5 / 32768
"""Samples no larger than this, zero or the last bit, are those of a microphone that is switched off."""


class SileroVadOptions(SegmentTimingOptions):
    """Options of ``silero_vad``; durations are rounded to frames of 32 ms."""

    threshold: Annotated[float, Field(gt=0, lt=1)] = Field(0.4, description="probability from which a frame is speech")
    release: Annotated[float, Field(gt=0, lt=1)] = Field(0.25, description="probability below which a frame is silence")
    level: bool = Field(True, description="amplify quiet recordings before the model hears them")

    @model_validator(mode="after")
    def _release_below_threshold(self) -> SileroVadOptions:
        if self.release > self.threshold:
            raise ValueError(f"release ({self.release}) must not be above threshold ({self.threshold})")
        return self


@dataclass(frozen=True, slots=True, eq=False)
class SpeechQuery:
    """Consecutive frames of one session: float32, shape ``(frames, 576)``; and the model's state before them.

    ``audible``: bool, shape ``(frames,)``; a frame that is not audible is no speech, and the model forgets what it heard before.
    """

    frames: NDArray[np.float32]
    audible: NDArray[np.bool_]
    state: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class SpeechScores:
    """Probability of speech of each frame, shape ``(frames,)``; and the state behind them."""

    probabilities: NDArray[np.float32]
    state: NDArray[np.float32]


class SileroModel:
    """The shared model; computes frames of many sessions at once."""

    def __init__(self) -> None:
        import torch  # noqa: PLC0415 - heavy, only where the stage is used
        from silero_vad import load_silero_vad  # noqa: PLC0415

        torch.set_num_threads(1)
        self._torch = torch
        # The wrapper keeps one state for all callers; the network inside it takes the state as an argument.
        self._network = load_silero_vad()._model  # noqa: SLF001
        # The first calls are slow: TorchScript compiles itself.
        self.infer([SpeechQuery(np.zeros((3, CONTEXT + FRAME), np.float32), np.ones(3, bool), np.zeros(STATE_SHAPE, np.float32))])

    def infer(self, queries: Sequence[SpeechQuery]) -> list[SpeechScores]:
        """Runs frame by frame, all queries that have something to hear in that frame side by side."""
        torch = self._torch
        scores = [np.zeros(len(query.frames), np.float32) for query in queries]
        states = [torch.from_numpy(query.state) for query in queries]
        silence = torch.zeros(STATE_SHAPE)
        with torch.inference_mode():
            for step in range(max(len(query.frames) for query in queries)):
                present = [index for index, query in enumerate(queries) if step < len(query.frames)]
                heard = [index for index in present if queries[index].audible[step]]
                for index in set(present).difference(heard):
                    states[index] = silence
                if not heard:
                    continue
                frames = torch.from_numpy(np.stack([queries[index].frames[step] for index in heard]))
                probabilities, after = self._network(frames, torch.cat([states[index] for index in heard], dim=1))
                for column, index in enumerate(heard):
                    states[index] = after[:, column : column + 1]
                    scores[index][step] = probabilities[column, 0]
        return [SpeechScores(score, state.numpy().copy()) for score, state in zip(scores, states, strict=True)]


class SileroVad(StageBase):
    """One session's detector."""

    def __init__(self, options: SileroVadOptions) -> None:
        self._segmenter = SpeechSegmenter(
            options.segmenter(threshold=options.threshold, release=options.release, frame_samples=FRAME)
        )
        self._cutter = FrameCutter(FRAME)
        self._level = LevelFollower(FRAMES_PER_SECOND) if options.level else None
        self._context = np.zeros(CONTEXT, np.float32)
        self._state = np.zeros(STATE_SHAPE, np.float32)
        self._muted_frames = 0

    def feed(self, event: Event) -> Iterator[Answer]:
        """Consumes audio blocks of any length."""
        if not isinstance(event, AudioBlock):
            yield event
            return
        start, frames = self._cutter.feed(event)
        if len(frames):
            yield self._ask(start, frames)
        yield event

    def flush(self) -> Iterator[Answer]:
        """The last frame is filled up with silence, then the segment under way ends."""
        start, rest = self._cutter.flush()
        if len(rest):
            yield self._ask(start, np.pad(rest, (0, FRAME - len(rest)))[np.newaxis], last=len(rest))
        else:
            yield from self._segmenter.flush()

    def snapshot(self) -> State:
        """Segment, level and the model's state; without the context of 4 ms and without frames held back."""
        level = 0.0 if self._level is None else self._level.level
        return {"segmenter": self._segmenter.snapshot(), "level": level, "state": self._state}

    def restore(self, state: State) -> None:
        """Goes on in silence: a segment under way has ended."""
        self._segmenter.restore(cast(State, state["segmenter"]))
        self._state = float_array(state["state"])
        if self._level is not None:
            self._level.level = cast(float, state["level"])

    def _ask(self, start: int, frames: NDArray[np.float32], *, last: int | None = None) -> Inference:
        heard = frames if self._level is None else np.stack([self._level.amplified(frame) for frame in frames])
        stream = np.concatenate([self._context, heard.reshape(-1)])
        windows = np.lib.stride_tricks.sliding_window_view(stream, CONTEXT + FRAME)[::FRAME]
        self._context = stream[-CONTEXT:].copy()
        return Inference(SpeechQuery(windows, self._audible(frames), self._state), partial(self._answer, start, frames, last))

    def _audible(self, frames: NDArray[np.float32]) -> NDArray[np.bool_]:
        """A muted microphone sends nothing but zeros; once it has done so for a second there is no need to ask the model."""
        audible = np.ones(len(frames), dtype=bool)
        for number, loudest in enumerate(np.abs(frames).max(axis=1).tolist()):
            self._muted_frames = self._muted_frames + 1 if loudest <= MUTED else 0
            audible[number] = self._muted_frames <= FRAMES_PER_SECOND
        return audible

    def _answer(self, start: int, frames: NDArray[np.float32], last: int | None, scores: SpeechScores) -> Iterable[Event]:
        """``last``: how many samples of the only frame are audio, where it is the session's last one."""
        self._state = scores.state
        for number, (frame, probability) in enumerate(zip(frames, scores.probabilities.tolist(), strict=True)):
            yield from self._segmenter.feed(start + number * FRAME, frame[:last].copy(), probability)
        if last is not None:
            yield from self._segmenter.flush()


def _load(options: SileroVadOptions) -> LoadedStage:
    model = SileroModel()

    def open_session(_session: SessionInfo) -> SileroVad:
        return SileroVad(options)

    infer: Any = model.infer
    return LoadedStage(open_session, infer, {"model": f"silero-vad {version('silero-vad')}"})


@hookimpl
def speaker_tracker_stages() -> Sequence[StageSpec]:
    """Offers ``silero_vad``."""
    return [
        StageSpec(
            name="silero_vad",
            summary="finds speech with the Silero model",
            options=SileroVadOptions,
            consumes=frozenset({AudioBlock}),
            produces=frozenset({SpeechStarted, SpeechAudio, SpeechEnded}),
            load=_load,
            cpu_heavy=True,
        )
    ]
