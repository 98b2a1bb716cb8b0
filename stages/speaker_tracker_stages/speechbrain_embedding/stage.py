"""The stage ``speechbrain_embedding``: speaker embeddings of windows of speech, by a SpeechBrain model.

Model: Desplanques et al., "ECAPA-TDNN: Emphasized Channel Attention, Propagation and Aggregation in TDNN Based Speaker
Verification", Interspeech 2020, as SpeechBrain has it or reshaped as ``ecapa-mini``; all sessions share the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import Field

from speaker_tracker import hookimpl
from speaker_tracker.events import SpeechAudio, SpeechEnded, SpeechStarted, VoiceEmbedding
from speaker_tracker.models import ModelError, resolve
from speaker_tracker.stage import LoadedStage, StageLoadError, StageSpec
from speaker_tracker.stagekit.voice_encoder import VoiceEncoder
from speaker_tracker.stagekit.window_embedding import WindowEmbedding, WindowEmbeddingOptions


class SpeechBrainEmbeddingOptions(WindowEmbeddingOptions):
    """Options of ``speechbrain_embedding``."""

    source: str = Field(
        "auto", description="auto (the fetched ECAPA if it is there, else the embedded model), embedded, hub, or a model folder"
    )
    trust_folder: bool = Field(
        False, description="whether a model folder may run code of its own; if not, it may name classes of known networks alone"
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="of the network's products: auto is bfloat16 where the CPU is faster with it, else float32"
    )
    model_cache: Path | None = Field(None, description="folder for fetched models; default: the setting of that name")


def _load(options: SpeechBrainEmbeddingOptions) -> LoadedStage:
    from speaker_tracker_stages.speechbrain_embedding.encoder import load_encoder  # noqa: PLC0415 - imports PyTorch
    from speaker_tracker_stages.speechbrain_embedding.network import (  # noqa: PLC0415
        SpeechBrainNetwork,
        has_native_bfloat16,
    )

    bfloat16 = options.precision == "bfloat16" or (options.precision == "auto" and has_native_bfloat16())
    try:
        folder = resolve(options.source, options.model_cache)
        network = SpeechBrainNetwork(load_encoder(folder.path, trusted=options.trust_folder), bfloat16=bfloat16)
    except ModelError as error:
        raise StageLoadError(str(error)) from error
    if options.normalization == "session" and not network.normalizes_by_mean:
        raise StageLoadError(
            f"the model {folder.name} does not normalize its features by their mean alone, so they cannot be normalized by the "
            f"session's mean; set SPEAKER_TRACKER_STAGE_OPTIONS__SPEECHBRAIN_EMBEDDING__NORMALIZATION=window"
        )
    encoder = VoiceEncoder(network, network.embed_padded)
    model = replace(folder.model, dimension=encoder.dimension())
    info = {"model": folder.name, "source": str(folder.path), "precision": "bfloat16" if bfloat16 else "float32"}
    if folder.hint:
        info["hint"] = folder.hint
    return LoadedStage(lambda _session: WindowEmbedding(options, model), encoder.infer, info, voice_model=model)


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
