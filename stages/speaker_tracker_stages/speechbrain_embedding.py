"""``speechbrain_embedding``: what each stretch of speech sounds like, by SpeechBrain's ECAPA-TDNN.

Model: Desplanques et al., "ECAPA-TDNN: Emphasized Channel Attention, Propagation and Aggregation in TDNN Based Speaker
Verification", Interspeech 2020, in SpeechBrain's form, whose weights all sessions share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, cast

import numpy as np
from pydantic import Field, model_validator

from speaker_tracker import hookimpl
from speaker_tracker.events import SAMPLE_RATE, Event, SpeechAudio, SpeechEnded, SpeechStarted, VoiceEmbedding, VoiceModel
from speaker_tracker.models import ModelError, resolve
from speaker_tracker.stage import (
    Answer,
    Inference,
    LoadedStage,
    StageBase,
    StageLoadError,
    StageOptions,
    StageSpec,
    State,
    StateMismatch,
    float_array,
)
from speaker_tracker_stages.speech_windows import SpeechWindows, Window
from speaker_tracker_stages.voice_features import FeatureMean, VoiceEncoder, VoiceQuery, VoiceVectors


class SpeechBrainEmbeddingOptions(StageOptions):
    """Options of ``speechbrain_embedding``."""

    source: str = Field(
        "auto", description="auto (the fetched ECAPA if it is there, else the embedded model), embedded, hub, or a model folder"
    )
    model_cache: Path | None = Field(None, description="folder for fetched models; default: the setting of that name")
    window_ms: Annotated[int, Field(ge=300, le=5000)] = Field(1500, description="speech that one embedding hears")
    hop_ms: Annotated[int, Field(ge=50, le=5000)] = Field(250, description="speech that one embedding stands for")
    normalization: Literal["session", "window"] = Field(
        "session", description="features less the mean of the session's speech so far, or of the window alone"
    )

    @model_validator(mode="after")
    def _hop_within_window(self) -> SpeechBrainEmbeddingOptions:
        if self.hop_ms > self.window_ms:
            raise ValueError(f"hop_ms ({self.hop_ms}) must not be longer than window_ms ({self.window_ms})")
        return self


class SpeechBrainEmbedding(StageBase):
    """One session's windows; holds no more audio than one window and what was fed at once."""

    def __init__(self, options: SpeechBrainEmbeddingOptions, model: VoiceModel) -> None:
        self._length = options.window_ms * SAMPLE_RATE // 1000
        self._hop = options.hop_ms * SAMPLE_RATE // 1000
        self._model = model
        self._windows: SpeechWindows | None = None
        self._mean = FeatureMean() if options.normalization == "session" else None

    def feed(self, event: Event) -> Iterator[Answer]:
        """Consumes a segment's start, audio and end; the end is passed on behind the segment's last embedding."""
        match event:
            case SpeechStarted():
                self._windows = SpeechWindows(event.start, length=self._length, hop=self._hop)
                yield event
            case SpeechAudio():
                if self._windows is not None:
                    yield from self._ask(self._windows.feed(event.samples))
                yield event
            case SpeechEnded():
                if self._windows is not None:
                    yield from self._ask(self._windows.end())
                    self._windows = None
                yield event
            case _:
                yield event

    def flush(self) -> Iterator[Answer]:
        """A segment that was never ended ends here."""
        if self._windows is not None:
            yield from self._ask(self._windows.end())
            self._windows = None

    def snapshot(self) -> State:
        """The mean of the session's features; the segment under way is audio and left out."""
        if self._mean is None:
            return {"model": self._model.name}
        return {"model": self._model.name, "sum": self._mean.total, "frames": self._mean.frames}

    def restore(self, state: State) -> None:
        """Goes on with that mean. Raises ``StateMismatch`` where the model is another one."""
        if state["model"] != self._model.name:
            raise StateMismatch(f"the session was embedded by {state['model']}, and this is {self._model.name}")
        if self._mean is not None:
            self._mean = FeatureMean(float_array(state["sum"]), cast(int, state["frames"]))

    def _ask(self, windows: Iterator[Window]) -> Iterator[Answer]:
        if asked := list(windows):
            yield Inference(VoiceQuery(asked, self._mean), partial(self._answer, asked))

    def _answer(self, windows: Sequence[Window], result: VoiceVectors) -> Iterator[Event]:
        self._mean = result.mean
        for window, vector in zip(windows, result.vectors, strict=True):
            yield VoiceEmbedding(window.start, window.end, window.heard_start, window.heard_end, vector, self._model)


def _load(options: SpeechBrainEmbeddingOptions) -> LoadedStage:
    from speaker_tracker_stages.speechbrain_encoder import load_encoder  # noqa: PLC0415 - imports PyTorch

    try:
        folder = resolve(options.source, options.model_cache)
        encoder = VoiceEncoder(load_encoder(folder.path))
    except ModelError as error:
        raise StageLoadError(str(error)) from error
    if options.normalization == "session" and not encoder.normalizes_by_mean:
        raise StageLoadError(
            f"the model {folder.name} does not normalize its features by their mean alone, so they cannot be normalized by the "
            f"session's mean; set SPEAKER_TRACKER_STAGE_OPTIONS__SPEECHBRAIN_EMBEDDING__NORMALIZATION=window"
        )
    probe = encoder.infer([VoiceQuery([Window(0, 1, 0, SAMPLE_RATE, SAMPLE_RATE, np.zeros(SAMPLE_RATE, np.float32))], None)])
    model = replace(folder.model, dimension=len(probe[0].vectors[0]))
    info = {"model": folder.name, "source": str(folder.path)}
    if folder.hint:
        info["hint"] = folder.hint
    return LoadedStage(lambda _session: SpeechBrainEmbedding(options, model), encoder.infer, info)


@hookimpl
def speaker_tracker_stages() -> Sequence[StageSpec]:
    """Offers ``speechbrain_embedding``."""
    return [
        StageSpec(
            name="speechbrain_embedding",
            summary="speaker embeddings of speech by SpeechBrain's ECAPA-TDNN",
            options=SpeechBrainEmbeddingOptions,
            consumes=frozenset({SpeechStarted, SpeechAudio, SpeechEnded}),
            produces=frozenset({VoiceEmbedding}),
            load=_load,
            cpu_heavy=True,
        )
    ]
