"""The stage ``speaker_segmentation``: every word, pauses, overlaps and changes of speaker, by ``segmentation-mini``.

Behind a detector such as ``silero_vad``: it lets in speech that the detector missed, and tells what of its speech is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from speaker_tracker import hookimpl
from speaker_tracker.errors import UserError
from speaker_tracker.events import (
    SAMPLE_RATE,
    AudioBlock,
    AudioGap,
    Event,
    OverlappedSpeech,
    SpeakerChange,
    SpeechAudio,
    SpeechEnded,
    SpeechPause,
    SpeechStarted,
)
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
from speaker_tracker.stagekit.speaker_segmentation import SegmentationDecoder, SpeakerSegmentationOptions
from speaker_tracker.stagekit.speech_segmenter import FrameCutter
from speaker_tracker_stages.speaker_segmentation.model import (
    CHUNK,
    CONTEXT,
    FRAME,
    LATENESS,
    NAME,
    SegmentationModel,
    SegmentationQuery,
    SegmentationScores,
    initial_state,
)
from speaker_tracker_stages.speaker_segmentation.onnx_backend import onnx_network
from speaker_tracker_stages.speaker_segmentation.torch_backend import torch_network

MUTED_PEAK = 1.5 / 32768
"""Maximum magnitude of samples from a microphone that is switched off: zero or the last bit."""
MUTED_CHUNKS = SAMPLE_RATE // CHUNK
REST_CHUNKS = -(-(LATENESS * FRAME + CONTEXT) // CHUNK)
"""Chunks of silence behind the last audio, after which all of it has been decided."""


class SegmentationMiniOptions(SpeakerSegmentationOptions):
    """Options of ``speaker_segmentation``."""

    backend: Literal["torch", "onnx"] = Field("torch", description="what runs the model: PyTorch, or ONNX Runtime (extra onnx)")


class SpeakerSegmentation(StageBase):
    """One session's segmentation."""

    def __init__(self, options: SpeakerSegmentationOptions) -> None:
        self._decoder = SegmentationDecoder(options, FRAME)
        self._cutter = FrameCutter(CHUNK)
        self._reset()

    def feed(self, event: Event) -> Iterator[Answer]:
        """Consumes audio, and what a detector took for speech; answers with what is speech. A gap ends a segment."""
        match event:
            case SpeechStarted() | SpeechAudio() | SpeechEnded():
                self._decoder.merger.detected.feed(event)
            case AudioGap():
                yield from self.flush()
                yield event
            case AudioBlock():
                yield from self._decoder.hear(event)
                start, chunks = self._cutter.feed(event)
                if len(chunks):
                    yield self._ask(start, chunks)
                self._heard = True
                yield event
            case _:
                yield event

    def flush(self) -> Iterator[Answer]:
        """Hears silence behind the last audio, until all of it has been decided; what follows is heard afresh."""
        if not self._heard:
            yield from self._decoder.end()
            return
        start, rest = self._cutter.flush()
        silence = np.zeros((REST_CHUNKS + 1) * CHUNK - len(rest), np.float32)
        yield self._ask(start, np.concatenate([rest, silence]).reshape(-1, CHUNK), last=True)

    def snapshot(self) -> State:
        """The recurrent state, and whether a segment is under way; no audio."""
        return {"decoder": self._decoder.snapshot(), "state": list(self._state)}

    def restore(self, state: State) -> None:
        """Goes on in silence: a segment under way has ended."""
        self._decoder.restore(cast(State, state["decoder"]))
        self._state = tuple(float_array(part) for part in cast(Sequence[Any], state["state"]))

    def _reset(self) -> None:
        self._context = np.zeros(CONTEXT, np.float32)
        self._state = initial_state()
        self._muted_chunks = 0
        self._heard = False

    def _ask(self, start: int, chunks: NDArray[np.float32], *, last: bool = False) -> Inference:
        stream = np.concatenate([self._context, chunks.reshape(-1)])
        self._context = stream[-CONTEXT:].copy()
        query = SegmentationQuery(stream, np.ones(len(chunks), bool) if last else self._audible(chunks), self._state)
        return Inference(query, partial(self._answer, start, last))

    def _audible(self, chunks: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which chunks the model has to hear, shape ``(m,)``: not those of a microphone that has been muted for a second."""
        audible = np.ones(len(chunks), dtype=bool)
        for number, loudest in enumerate(np.abs(chunks).max(axis=1).tolist()):
            self._muted_chunks = self._muted_chunks + 1 if loudest <= MUTED_PEAK else 0
            audible[number] = self._muted_chunks <= MUTED_CHUNKS
        return audible

    def _answer(self, start: int, last: bool, scores: SegmentationScores) -> Iterator[Event]:
        self._state = scores.state
        yield from self._decoder.decide(start - CONTEXT - LATENESS * FRAME, scores.probabilities)
        if last:
            self._reset()
            yield from self._decoder.end()


def _load(options: SegmentationMiniOptions) -> LoadedStage:
    try:
        model = SegmentationModel(onnx_network() if options.backend == "onnx" else torch_network())
    except UserError as error:
        raise StageLoadError(str(error)) from error

    def open_session(_session: SessionInfo) -> SpeakerSegmentation:
        return SpeakerSegmentation(options)

    infer: Any = model.infer
    return LoadedStage(open_session, infer, {"model": NAME, "backend": options.backend})


@hookimpl
def speaker_tracker_stages() -> Sequence[StageSpec]:
    """Offers ``speaker_segmentation``."""
    speech = frozenset({SpeechStarted, SpeechAudio, SpeechEnded})
    return [
        StageSpec(
            name="speaker_segmentation",
            summary="finds missed words, pauses, overlaps and changes of speaker",
            options=SegmentationMiniOptions,
            consumes=frozenset({AudioBlock, AudioGap}) | speech,
            produces=frozenset({SpeechPause, OverlappedSpeech, SpeakerChange}) | speech,
            absorbs=speech,
            load=_load,
            cpu_heavy=True,
        )
    ]
