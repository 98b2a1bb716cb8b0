"""``onnx_embedding``: speaker embeddings of windows of speech by an exported model and ONNX Runtime, without PyTorch.

An alternative to ``speechbrain_embedding``; ``speaker-tracker models export`` makes the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from speaker_tracker import hookimpl
from speaker_tracker.errors import UserError
from speaker_tracker.events import SpeechAudio, SpeechEnded, SpeechStarted, VoiceEmbedding
from speaker_tracker.models.exported import EXPORT_COMMAND, ExportedModel, Precision, resolve_exported
from speaker_tracker.stage import LoadedStage, StageLoadError, StageSpec
from speaker_tracker.stagekit.log_mel import LogMel
from speaker_tracker.stagekit.onnx_session import open_onnx
from speaker_tracker.stagekit.voice_encoder import VoiceEncoder
from speaker_tracker.stagekit.window_embedding import WindowEmbedding, WindowEmbeddingOptions

if TYPE_CHECKING:
    import onnxruntime


class OnnxEmbeddingOptions(WindowEmbeddingOptions):
    """Options of ``onnx_embedding``."""

    source: str = Field(
        "auto", description="auto (the exported ECAPA if it is there, else the exported small model), embedded, hub, or a folder"
    )
    precision: Precision = Field("float32", description="float32, or int8: faster and smaller, with nearly the same embeddings")
    model_cache: Path | None = Field(None, description="folder for exported models; default: the setting of that name")


class OnnxNetwork:
    """A ``VoiceNetwork`` made of an exported model, whose features are normalized by their mean alone.

    ``together``: whether windows may share a call. In a network of eight bits they would share the scale by which activations are
    rounded too, so that windows of one session would change the embeddings of another.
    """

    def __init__(self, features: LogMel, session: onnxruntime.InferenceSession, *, together: bool) -> None:
        self.features = features
        self._session = session
        self._together = together
        self._input = session.get_inputs()[0].name

    @staticmethod
    def normalized(features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Features less their mean, as ``VoiceNetwork.normalized``."""
        return np.asarray(features - features.mean(axis=0), np.float32)

    def embed(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embeddings of normalized features, as ``VoiceNetwork.embed``."""
        batches = [features] if self._together else [features[index : index + 1] for index in range(len(features))]
        vectors: list[NDArray[np.float32]] = [self._session.run(None, {self._input: batch})[0] for batch in batches]
        return np.concatenate(vectors).reshape(len(features), -1)


def open_exported(exported: ExportedModel, precision: Precision) -> OnnxNetwork:
    """Loads an exported model. Raises ``UserError``."""
    session = open_onnx(exported.network, "onnx_embedding")
    return OnnxNetwork(LogMel.load(exported.features), session, together=precision == "float32")


def _load(options: OnnxEmbeddingOptions) -> LoadedStage:
    try:
        exported = resolve_exported(options.source, options.precision, options.model_cache)
        encoder = VoiceEncoder(open_exported(exported, options.precision))
    except UserError as error:
        raise StageLoadError(str(error)) from error
    dimension = encoder.dimension()
    if dimension != exported.model.dimension:
        raise StageLoadError(
            f"the network in {exported.network} gives vectors of {dimension} values, and {exported.model.dimension} are said to "
            f"come; run `{EXPORT_COMMAND}` again"
        )
    info = {"model": exported.model.name, "source": str(exported.folder), "precision": options.precision}
    return LoadedStage(lambda _session: WindowEmbedding(options, exported.model), encoder.infer, info, voice_model=exported.model)


@hookimpl
def speaker_tracker_stages() -> Sequence[StageSpec]:
    """Offers ``onnx_embedding``."""
    return [
        StageSpec(
            name="onnx_embedding",
            summary="embeds speech by an exported model and ONNX Runtime, without PyTorch",
            options=OnnxEmbeddingOptions,
            consumes=frozenset({SpeechStarted, SpeechAudio, SpeechEnded}),
            produces=frozenset({VoiceEmbedding}),
            load=_load,
            cpu_heavy=True,
        )
    ]
