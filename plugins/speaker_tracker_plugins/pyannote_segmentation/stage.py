"""The stage ``pyannote_segmentation``: every word, pauses, overlaps and changes of speaker, by pyannote's segmentation-3.0.

It takes the place of ``speaker_segmentation``, for those who have the cores: each window of 10 s is heard as a whole, again and
again, so that it costs much more, and finds more of what is said in real meetings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from speaker_tracker import hookimpl
from speaker_tracker.errors import UserError
from speaker_tracker.events import SAMPLE_RATE, Event
from speaker_tracker.models import cache_folder
from speaker_tracker.models.pyannote_segmentation import NAME, find_weights
from speaker_tracker.stage import Inference, LoadedStage, SessionInfo, StageLoadError, StageSpec, State
from speaker_tracker.stagekit.muting import MUTED_PEAK
from speaker_tracker.stagekit.segmentation_stage import CONSUMED, PRODUCED, SPEECH, SegmentationStage
from speaker_tracker.stagekit.speaker_segmentation import SpeakerSegmentationOptions
from speaker_tracker_plugins.pyannote_segmentation.model import SegmentationModel, Window, WindowNetwork
from speaker_tracker_plugins.pyannote_segmentation.onnx_backend import NETWORK, OnnxNetwork, find_export
from speaker_tracker_plugins.pyannote_segmentation.powerset import FRAME, WINDOW

MUTED_BEFORE = SAMPLE_RATE
"""Samples before frames that have to be silent, too, for them not to be heard: a microphone that has been muted for a second."""


class PyannoteSegmentationOptions(SpeakerSegmentationOptions):
    """Options of ``pyannote_segmentation``."""

    step_ms: Annotated[int, Field(ge=100, le=2000)] = Field(
        500, description="audio between two windows of 10 s: half of it costs twice as much, and is told sooner"
    )
    latency_ms: Annotated[int, Field(ge=0, le=5000)] = Field(
        500, description="audio that is heard behind a frame before it is decided; up to a step more where windows lie so"
    )
    backend: Literal["torch", "onnx"] = Field("torch", description="what runs the model: PyTorch, or ONNX Runtime (extra onnx)")
    source: str = Field(
        "auto", description="auto, the path of the weights (backend torch), or that of the folder of an export (backend onnx)"
    )
    model_cache: Path | None = Field(None, description="folder for fetched and exported models; default: the setting of that name")


def _frames(milliseconds: int) -> int:
    return round(milliseconds * SAMPLE_RATE / 1000 / FRAME)


class PyannoteSegmentation(SegmentationStage):
    """One session's segmentation. Keeps its last 10 s."""

    def __init__(self, options: PyannoteSegmentationOptions) -> None:
        self._step = max(1, _frames(options.step_ms)) * FRAME
        self._latency = _frames(options.latency_ms) * FRAME
        super().__init__(options, FRAME, self._step)
        self.begin_anew()

    def ask(self, start: int, chunks: NDArray[np.float32]) -> Inference:
        """As the base says: a window up to the end of each chunk."""
        ends = [start + (number + 1) * self._step for number in range(len(chunks))]
        return self._question(start, chunks.reshape(-1), [(end, end - self._latency) for end in ends], last=False)

    def ask_rest(self, start: int, rest: NDArray[np.float32]) -> Inference:
        """As the base says: one window up to the end."""
        whole = np.pad(rest, (0, -len(rest) % FRAME))
        end = start + len(whole)
        return self._question(start, whole, [(end, end)], last=True)

    def begin_anew(self) -> None:
        """As the base says."""
        self._context = np.empty(0, np.float32)
        self._decided: int | None = None

    def snapshot(self) -> State:
        """Whether a segment is under way; no audio."""
        return {"decoder": self.decoder.snapshot()}

    def restore(self, state: State) -> None:
        """Hears afresh: a segment under way has ended."""
        self.decoder.restore(cast(State, state["decoder"]))

    def _question(self, start: int, samples: NDArray[np.float32], ends: Sequence[tuple[int, int]], *, last: bool) -> Inference:
        """``ends``: of windows, and of the frames that each decides (samples)."""
        stream = np.concatenate([self._context, samples])
        stream_start = start - len(self._context)
        self._context = stream[-WINDOW:].copy()
        first = decided = stream_start if self._decided is None else self._decided
        windows = []
        for end, decide_to in ends:
            windows.append(_window(stream[: end - stream_start], stream_start, decided, max(decided, decide_to)))
            decided = max(decided, decide_to)
        self._decided = decided
        return Inference(windows, partial(self._answer, first, last))

    def _answer(self, first: int, last: bool, probabilities: NDArray[np.float32]) -> Iterator[Event]:
        yield from self.told(first, probabilities, last=last)


def _window(heard: NDArray[np.float32], heard_start: int, first: int, last: int) -> Window:
    """The last ``WINDOW`` samples of ``heard``, of which ``[first, last)`` (samples from the session's start) are to be decided."""
    samples = heard[-WINDOW:]
    start = heard_start + len(heard) - len(samples)
    near = samples[max(0, first - start - MUTED_BEFORE) :]
    audible = bool(len(near)) and float(np.abs(near).max()) > MUTED_PEAK
    return Window(samples, (first - start) // FRAME, (last - start) // FRAME, audible)


def _load(options: PyannoteSegmentationOptions) -> LoadedStage:
    try:
        network, source = _torch(options) if options.backend == "torch" else _onnx(options)
        model = SegmentationModel(network)
    except UserError as error:
        raise StageLoadError(str(error)) from error

    def open_session(_session: SessionInfo) -> PyannoteSegmentation:
        return PyannoteSegmentation(options)

    infer: Any = model.infer
    return LoadedStage(open_session, infer, {"model": NAME, "source": str(source), "backend": options.backend})


def _torch(options: PyannoteSegmentationOptions) -> tuple[WindowNetwork, Path]:
    from speaker_tracker_plugins.pyannote_segmentation.torch_backend import (  # noqa: PLC0415 - imports PyTorch
        TorchNetwork,
        load_network,
    )

    weights = find_weights(options.source, cache_folder(options.model_cache))
    return TorchNetwork(load_network(weights)), weights


def _onnx(options: PyannoteSegmentationOptions) -> tuple[WindowNetwork, Path]:
    folder = find_export(options.source, options.model_cache)
    return OnnxNetwork(folder / NETWORK), folder


@hookimpl
def speaker_tracker_stages() -> Sequence[StageSpec]:
    """Offers ``pyannote_segmentation``."""
    return [
        StageSpec(
            name="pyannote_segmentation",
            summary="as speaker_segmentation, by pyannote's larger network: better in real meetings, more expensive",
            options=PyannoteSegmentationOptions,
            consumes=CONSUMED,
            produces=PRODUCED,
            absorbs=SPEECH,
            load=_load,
            cpu_heavy=True,
        )
    ]
