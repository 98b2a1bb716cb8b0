"""From windows of many sessions to embeddings in as few model calls as possible.

An ``EncoderClassifier`` computes features, subtracts their mean and embeds them. Here the mean may be that of all speech of a
session so far: a window of 1.5 s is too short for a mean that says much of the recording and little of what was said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.speech_windows import Window

if TYPE_CHECKING:
    from speechbrain.inference.classifiers import EncoderClassifier
    from torch import Tensor

SHORTEST = 4000
"""Samples; what is shorter is repeated up to this, for the network's convolutions need some frames."""

FRAME_STEP = 160
"""Samples between two frames of features (10 ms), as SpeechBrain's ``Fbank`` has it by default."""


@dataclass(frozen=True, slots=True, eq=False)
class FeatureMean:
    """Sum of feature frames, shape ``(bands,)`` (0 bands before the first), and how many they were."""

    total: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    frames: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class VoiceQuery:
    """Windows of one session, in order; ``mean``: that of the session so far, None: each window is normalized by its own."""

    windows: Sequence[Window]
    mean: FeatureMean | None


@dataclass(frozen=True, slots=True, eq=False)
class VoiceVectors:
    """For each window an embedding of unit length, float32, shape ``(d,)``; and the session's mean behind them."""

    vectors: list[NDArray[np.float32]]
    mean: FeatureMean | None


class VoiceEncoder:
    """Runs an ``EncoderClassifier`` on windows of any sessions."""

    def __init__(self, encoder: EncoderClassifier) -> None:
        import torch  # noqa: PLC0415 - heavy, only where the stage is used

        torch.set_num_threads(1)
        self._torch = torch
        self._encoder = encoder
        encoder.eval()

    @property
    def normalizes_by_mean(self) -> bool:
        """The model's own normalization is to subtract the mean of the features, and nothing else."""
        own = self._encoder.mods.mean_var_norm
        return bool(own.norm_type == "sentence" and not own.std_norm)

    def infer(self, queries: Sequence[VoiceQuery]) -> list[VoiceVectors]:
        """Embeds all windows of all queries; windows of equal length go through the network together."""
        windows = [window for query in queries for window in query.windows]
        with self._torch.inference_mode():
            features = self._by_length([self._torch.from_numpy(_long_enough(window.samples)) for window in windows], self._features)
            means, centred = [], []
            position = 0
            for query in queries:
                own = features[position : position + len(query.windows)]
                position += len(query.windows)
                mean, normalized = self._normalized(query, own)
                means.append(mean)
                centred += normalized
            vectors = self._by_length(centred, self._embed)
        rows = iter([np.asarray(vector.numpy(), dtype=np.float32) for vector in vectors])
        return [VoiceVectors([next(rows) for _ in query.windows], mean) for query, mean in zip(queries, means, strict=True)]

    def _features(self, samples: Tensor) -> Tensor:
        features: Tensor = self._encoder.mods.compute_features(samples)
        return features

    def _embed(self, features: Tensor) -> Tensor:
        vectors: Tensor = self._encoder.mods.embedding_model(features)[:, 0]
        return self._torch.nn.functional.normalize(vectors, dim=-1)

    def _normalized(self, query: VoiceQuery, features: Sequence[Tensor]) -> tuple[FeatureMean | None, list[Tensor]]:
        if query.mean is None:
            lengths = self._torch.ones(1)
            return None, [self._encoder.mods.mean_var_norm(one[None], lengths)[0] for one in features]
        total = self._torch.from_numpy(query.mean.total.copy()) if query.mean.frames else self._torch.zeros(features[0].shape[1])
        frames = query.mean.frames
        normalized = []
        for window, one in zip(query.windows, features, strict=True):
            fresh = one[max(0, len(one) - window.fresh // FRAME_STEP) :] if frames else one
            total, frames = total + fresh.sum(dim=0), frames + len(fresh)
            normalized.append(one - total / frames)
        return FeatureMean(total.numpy(), frames), normalized

    def _by_length(self, tensors: Sequence[Tensor], call: Callable[[Tensor], Tensor]) -> list[Tensor]:
        results: dict[int, Tensor] = {}
        alike: dict[int, list[int]] = {}
        for index, tensor in enumerate(tensors):
            alike.setdefault(len(tensor), []).append(index)
        for indices in alike.values():
            outputs = call(self._torch.stack([tensors[index] for index in indices]))
            results.update(zip(indices, outputs, strict=True))
        return [results[index] for index in range(len(tensors))]


def _long_enough(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    return samples.copy() if len(samples) >= SHORTEST else np.resize(samples, SHORTEST)
