"""The plain way that a server is compared with: each window by itself, PyTorch's eager mode, chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from speaker_tracker.stage import LoadedStage, StageSpec

PLAIN_STAGES: Mapping[str, str] = {"onnx_embedding": "speechbrain_embedding"}
"""Stages that the plain way replaces, and by which; options of the same name are kept."""

PLAIN_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "frame_decoder": {"block_samples": 512},
    "silero_vad": {"backend": "torch"},
    "speaker_segmentation": {"backend": "torch"},
    "speechbrain_embedding": {"precision": "float32"},
}
"""Options of the plain way by stage; those of stages outside of the chain do not matter."""

PLAIN_SETTINGS: Mapping[str, Any] = {"batch_wait_ms": 0}
"""Settings of a server that works the plain way."""


class OneAtATime:
    """An ``infer`` that calls the model once for each input."""

    def __init__(self, infer: Callable[[Sequence[Any]], Sequence[Any]]) -> None:
        self._infer = infer

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        """The results of ``inputs``, in order."""
        return [self._infer([each])[0] for each in inputs]


def without_batches(spec: StageSpec, name: str) -> StageSpec:
    """The stage as ``name``, with a model that is called once for each input."""

    def load(options: Any) -> LoadedStage:
        loaded = spec.load(options)
        return loaded if loaded.infer is None else replace(loaded, infer=OneAtATime(loaded.infer))

    return replace(spec, name=name, load=load)
