"""Batched embedding of windows of many sessions, for embedding stages with any model library.

A speaker encoder computes features, subtracts their mean and embeds them. Here the mean may be that of all speech of a session so
far: the mean of a window of 1.5 s depends more on the words spoken than on the recording.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.stagekit.speech_windows import Window

SHORTEST = 4000
"""Minimum length in samples; shorter windows are repeated up to it, as the networks' convolutions need some frames."""

FRAME_STEP = 160
"""Samples between feature frames (10 ms)."""


LENGTH_STEP = 25
"""Windows of different lengths are padded to a multiple of this and one frame: each shape costs a network time and memory."""

FEW_WINDOWS = 4
"""From so many windows on they are padded to the longest ever seen, as one of them most probably is as long."""

BATCHES = (1, 2, 3, 4, 6, 8, 12, 16)
"""Numbers of windows in a call that are padded; silent ones are added up to the next of these, for the same reason."""


class VoiceNetwork(Protocol):
    """A speaker model in two parts; all arrays are float32."""

    def features(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Features of samples at 16 kHz: from shape ``(batch, samples)`` to ``(batch, frames, bands)``, one each ``FRAME_STEP``."""
        ...

    def normalized(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """The model's own normalization of one window's features, shape ``(frames, bands)``."""
        ...

    def embed(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embeddings of any norm, shape ``(batch, d)``, of normalized features, shape ``(batch, frames, bands)``."""
        ...


EmbedPadded: TypeAlias = Callable[[NDArray[np.float32], NDArray[np.intp]], NDArray[np.float32]]
"""``VoiceNetwork.embed`` of windows padded to one length; also given the frames that belong to each, shape ``(batch,)``."""


@dataclass(frozen=True, slots=True, eq=False)
class FeatureMean:
    """Sum of feature frames, shape ``(bands,)`` (0 bands before the first), and their number."""

    total: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    frames: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class VoiceQuery:
    """Windows of one session, in order. ``mean``: that of the session so far; None: normalize each window by its own."""

    windows: Sequence[Window]
    mean: FeatureMean | None


@dataclass(frozen=True, slots=True, eq=False)
class VoiceVectors:
    """An embedding of unit norm, float32, shape ``(d,)``, for each window, and the session's mean after them."""

    vectors: list[NDArray[np.float32]]
    mean: FeatureMean | None


class VoiceEncoder:
    """Runs a network on windows of any sessions; may be called from several threads where the network may.

    ``embed_padded``: for networks that can embed windows of different lengths in one call without any effect on each other.
    """

    def __init__(self, network: VoiceNetwork, embed_padded: EmbedPadded | None = None) -> None:
        self._network = network
        self._embed_padded = embed_padded
        self._longest = 0

    def dimension(self) -> int:
        """Length of an embedding. Runs the network once, which also warms it up before the first session."""
        window = Window(0, 1, 0, SHORTEST, SHORTEST, np.zeros(SHORTEST, np.float32))
        return len(self.infer([VoiceQuery([window], None)])[0].vectors[0])

    def infer(self, queries: Sequence[VoiceQuery]) -> list[VoiceVectors]:
        """Embeds all windows of all queries; windows of equal length share a call of the network."""
        samples = [_long_enough(window.samples) for query in queries for window in query.windows]
        features = _by_length(samples, self._network.features)
        means, centred = [], []
        position = 0
        for query in queries:
            own = features[position : position + len(query.windows)]
            position += len(query.windows)
            mean, normalized = self._normalized(query, own)
            means.append(mean)
            centred += normalized
        rows = iter(self._embedded(centred))
        return [VoiceVectors([next(rows) for _ in query.windows], mean) for query, mean in zip(queries, means, strict=True)]

    def _embedded(self, windows: Sequence[NDArray[np.float32]]) -> Sequence[NDArray[np.float32]]:
        if self._embed_padded is None:
            return _by_length(windows, lambda alike: _unit_length(self._network.embed(alike)))
        most = BATCHES[-1]
        return [
            vector
            for first in range(0, len(windows), most)
            for vector in self._embedded_together(windows[first : first + most], self._embed_padded)
        ]

    def _embedded_together(self, windows: Sequence[NDArray[np.float32]], embed: EmbedPadded) -> NDArray[np.float32]:
        frames = -(-(max(map(len, windows)) - 1) // LENGTH_STEP) * LENGTH_STEP + 1
        self._longest = max(self._longest, frames)
        if len(windows) >= FEW_WINDOWS:
            frames = self._longest
        number = next(each for each in BATCHES if each >= len(windows))
        padded = np.zeros((number, frames, windows[0].shape[1]), np.float32)
        lengths = np.full(number, frames, dtype=np.intp)
        for row, window in enumerate(windows):
            padded[row, : len(window)] = window
            lengths[row] = len(window)
        return _unit_length(embed(padded, lengths)[: len(windows)])

    def _normalized(
        self, query: VoiceQuery, features: Sequence[NDArray[np.float32]]
    ) -> tuple[FeatureMean | None, list[NDArray[np.float32]]]:
        if query.mean is None:
            return None, [self._network.normalized(one) for one in features]
        total = query.mean.total if query.mean.frames else np.zeros(features[0].shape[1], np.float32)
        frames = query.mean.frames
        normalized = []
        for window, one in zip(query.windows, features, strict=True):
            fresh = one[max(0, len(one) - window.fresh // FRAME_STEP) :] if frames else one
            total, frames = total + fresh.sum(axis=0), frames + len(fresh)
            normalized.append(one - total / np.float32(frames))
        return FeatureMean(total, frames), normalized


def _unit_length(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, np.finfo(np.float32).tiny), np.float32)


def _by_length(
    arrays: Sequence[NDArray[np.float32]], call: Callable[[NDArray[np.float32]], NDArray[np.float32]]
) -> list[NDArray[np.float32]]:
    results: dict[int, NDArray[np.float32]] = {}
    alike: dict[int, list[int]] = {}
    for index, array in enumerate(arrays):
        alike.setdefault(len(array), []).append(index)
    for indices in alike.values():
        outputs = call(np.stack([arrays[index] for index in indices]))
        results.update(zip(indices, outputs, strict=True))
    return [results[index] for index in range(len(arrays))]


def _long_enough(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    return samples if len(samples) >= SHORTEST else np.resize(samples, SHORTEST)
