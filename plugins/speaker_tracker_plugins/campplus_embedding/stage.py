"""The stage ``campplus_embedding``: speaker embeddings of windows of speech by CAM++; all sessions share the weights.

It tells voices apart better than the models of ``speechbrain_embedding`` and ``onnx_embedding``, at a higher cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from speaker_tracker import hookimpl
from speaker_tracker.errors import UserError
from speaker_tracker.events import SpeechAudio, SpeechEnded, SpeechStarted, VoiceEmbedding, VoiceModel
from speaker_tracker.models import cache_folder
from speaker_tracker.models.calibration import read_model
from speaker_tracker.models.campplus import NAME, find_weights
from speaker_tracker.models.exported import NETWORKS, Precision
from speaker_tracker.stage import LoadedStage, StageLoadError, StageSpec
from speaker_tracker.stagekit.voice_encoder import VoiceEncoder, VoiceNetwork
from speaker_tracker.stagekit.window_embedding import WindowEmbedding, WindowEmbeddingOptions
from speaker_tracker_plugins.campplus_embedding.onnx_backend import OnnxNetwork, find_export

DIMENSION = 192
SAME_VOICE_COSINE = 0.4
CALIBRATED_SECONDS = 1.5


class CamPlusPlusEmbeddingOptions(WindowEmbeddingOptions):
    """Options of ``campplus_embedding``."""

    normalization: Literal["session", "window"] = Field(
        "window", description="mean subtracted from the features: of the session's speech so far, or of the window alone"
    )
    backend: Literal["torch", "onnx"] = Field("torch", description="what runs the model: PyTorch, or ONNX Runtime (extra onnx)")
    precision: Precision = Field("float32", description="float32, or int8 with the backend onnx: a quarter of the size, as fast")
    source: str = Field(
        "auto", description="auto, the path of the weights (backend torch), or that of the folder of an export (backend onnx)"
    )
    model_cache: Path | None = Field(None, description="folder for fetched and exported models; default: the setting of that name")

    @model_validator(mode="after")
    def _int8_with_onnx(self) -> CamPlusPlusEmbeddingOptions:
        if self.precision == "int8" and self.backend != "onnx":
            raise ValueError(f"precision int8 needs the backend onnx, not {self.backend}")
        return self


def voice_model(folder: Path = Path(__file__).parent) -> VoiceModel:
    """What is known of CAM++, by ``calibration.json`` in ``folder``, by default in this package. Raises ``ModelError``."""
    return read_model(
        folder, name=NAME, dimension=DIMENSION, same_voice_cosine=SAME_VOICE_COSINE, calibrated_seconds=CALIBRATED_SECONDS
    )


def _load(options: CamPlusPlusEmbeddingOptions) -> LoadedStage:
    try:
        network, model, source = _torch(options) if options.backend == "torch" else _onnx(options)
        encoder = VoiceEncoder(network)
    except UserError as error:
        raise StageLoadError(str(error)) from error
    dimension = encoder.dimension()
    if dimension != model.dimension:
        raise StageLoadError(f"{source} gives vectors of {dimension} values, and {model.dimension} are said to come")
    info = {"model": model.name, "source": str(source), "backend": options.backend, "precision": options.precision}
    return LoadedStage(lambda _session: WindowEmbedding(options, model), encoder.infer, info, voice_model=model)


def _torch(options: CamPlusPlusEmbeddingOptions) -> tuple[VoiceNetwork, VoiceModel, Path]:
    from speaker_tracker_plugins.campplus_embedding.torch_backend import TorchNetwork, load_network  # noqa: PLC0415 - imports PyTorch

    weights = find_weights(options.source, cache_folder(options.model_cache))
    return TorchNetwork(load_network(weights)), voice_model(), weights


def _onnx(options: CamPlusPlusEmbeddingOptions) -> tuple[VoiceNetwork, VoiceModel, Path]:
    folder = find_export(options.source, options.precision, options.model_cache)
    model = voice_model(folder)
    if options.precision == "int8":
        model = replace(model, name=f"{model.name}-int8")
    return OnnxNetwork(folder / NETWORKS[options.precision]), model, folder


@hookimpl
def speaker_tracker_stages() -> Sequence[StageSpec]:
    """Offers ``campplus_embedding``."""
    return [
        StageSpec(
            name="campplus_embedding",
            summary="speaker embeddings of speech by CAM++, more accurate and more expensive",
            options=CamPlusPlusEmbeddingOptions,
            consumes=frozenset({SpeechStarted, SpeechAudio, SpeechEnded}),
            produces=frozenset({VoiceEmbedding}),
            load=_load,
            cpu_heavy=True,
        )
    ]
