"""The stage ``speaker_segmentation``: every word, pauses, overlaps and changes of speaker, by ``segmentation-mini``.

Behind a detector such as ``silero_vad``: it lets in speech that the detector missed, and tells what of its speech is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from speaker_tracker import hookimpl
from speaker_tracker.errors import UserError
from speaker_tracker.events import SAMPLE_RATE, AudioBlock, Event
from speaker_tracker.stage import Answer, Inference, LoadedStage, SessionInfo, StageLoadError, StageSpec, State, float_array
from speaker_tracker.stagekit.muting import MutedMicrophone
from speaker_tracker.stagekit.segmentation_stage import CONSUMED, PRODUCED, SPEECH, SegmentationStage
from speaker_tracker.stagekit.speaker_segmentation import SpeakerSegmentationOptions
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

REST_CHUNKS = -(-(LATENESS * FRAME + CONTEXT) // CHUNK)
"""Chunks of silence behind the last audio, after which all of it has been decided."""


LAG = CONTEXT + LATENESS * FRAME
"""Samples by which what is said of a chunk lies before it."""
NO_CHUNKS = np.empty((0, CHUNK), np.float32)
NOTHING_SAID = np.empty((0, 4), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """An event, with the position of the first of the chunks that it completes, and these, shape ``(n, CHUNK)``."""

    event: Event
    start: int
    chunks: NDArray[np.float32]


class SegmentationMiniOptions(SpeakerSegmentationOptions):
    """Options of ``speaker_segmentation``."""

    backend: Literal["torch", "onnx"] = Field("torch", description="what runs the model: PyTorch, or ONNX Runtime (extra onnx)")


class SpeakerSegmentation(SegmentationStage):
    """One session's segmentation."""

    def __init__(self, options: SpeakerSegmentationOptions) -> None:
        super().__init__(options, FRAME, CHUNK)
        self.begin_anew()

    def feed_all(self, events: Sequence[Event]) -> Iterator[Answer]:
        """As ``feed``, with one question for the chunks of all blocks."""
        pieces = [_Piece(event, *(self.cut(event) if isinstance(event, AudioBlock) else (0, NO_CHUNKS))) for event in events]
        chunks = np.concatenate([piece.chunks for piece in pieces])
        if len(chunks):
            query = self._query(chunks.reshape(-1), self._microphone.audible(chunks))
            yield Inference(query, partial(self._answer_all, pieces))
        else:
            yield from self._told_of(pieces, NOTHING_SAID)

    def ask(self, start: int, chunks: NDArray[np.float32]) -> Inference:
        """As the base says."""
        return self._question(start, chunks.reshape(-1), self._microphone.audible(chunks), last=False)

    def ask_rest(self, start: int, rest: NDArray[np.float32]) -> Inference:
        """As the base says: silence is heard behind the last audio, until all of it has been decided."""
        silence = np.zeros((REST_CHUNKS + 1) * CHUNK - len(rest), np.float32)
        return self._question(start, np.concatenate([rest, silence]), np.ones(REST_CHUNKS + 1, bool), last=True)

    def begin_anew(self) -> None:
        """As the base says."""
        self._context = np.zeros(CONTEXT, np.float32)
        self._state = initial_state()
        self._microphone = MutedMicrophone(SAMPLE_RATE / CHUNK)

    def snapshot(self) -> State:
        """The recurrent state, and whether a segment is under way; no audio."""
        return {"decoder": self.decoder.snapshot(), "state": list(self._state)}

    def restore(self, state: State) -> None:
        """Goes on in silence: a segment under way has ended."""
        self.decoder.restore(cast(State, state["decoder"]))
        self._state = tuple(float_array(part) for part in cast(Sequence[Any], state["state"]))

    def _question(self, start: int, samples: NDArray[np.float32], audible: NDArray[np.bool_], *, last: bool) -> Inference:
        return Inference(self._query(samples, audible), partial(self._answer, start, last))

    def _query(self, samples: NDArray[np.float32], audible: NDArray[np.bool_]) -> SegmentationQuery:
        stream = np.concatenate([self._context, samples])
        self._context = stream[-CONTEXT:].copy()
        return SegmentationQuery(stream, audible, self._state)

    def _answer(self, start: int, last: bool, scores: SegmentationScores) -> Iterator[Event]:
        self._state = scores.state
        yield from self.told(start - LAG, scores.probabilities, last=last)

    def _answer_all(self, pieces: Sequence[_Piece], scores: SegmentationScores) -> Iterator[Event]:
        self._state = scores.state
        yield from self._told_of(pieces, scores.probabilities)

    def _told_of(self, pieces: Sequence[_Piece], probabilities: NDArray[np.float32]) -> Iterator[Event]:
        row = 0
        for piece in pieces:
            if isinstance(piece.event, AudioBlock):
                yield from self.decoder.hear(piece.event)
                if rows := len(piece.chunks) * CHUNK // FRAME:
                    yield from self.told(piece.start - LAG, probabilities[row : row + rows], last=False)
                    row += rows
                yield piece.event
            else:
                yield from self.pass_on(piece.event)


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
    return [
        StageSpec(
            name="speaker_segmentation",
            summary="finds missed words, pauses, overlaps and changes of speaker",
            options=SegmentationMiniOptions,
            consumes=CONSUMED,
            produces=PRODUCED,
            absorbs=SPEECH,
            load=_load,
            cpu_heavy=True,
        )
    ]
