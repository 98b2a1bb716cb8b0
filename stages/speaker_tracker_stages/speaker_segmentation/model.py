"""The model ``segmentation-mini``, shared by all sessions, whichever backend runs its network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.models import EMBEDDED_FOLDER
from speaker_tracker_stages.speaker_segmentation.features import BANDS, HOP, WINDOW, log_mel

NAME = "segmentation-mini"
FOLDER = EMBEDDED_FOLDER / NAME
TORCH_WEIGHTS = "segmentation_mini.pt"
ONNX_WEIGHTS = "segmentation_mini.onnx"
FRAME = 2 * HOP
"""Samples that each of the model's frames stands for, 20 ms."""
CHUNK = 10 * FRAME
"""Samples that are heard at a time, 0.2 s."""
CONTEXT = WINDOW - HOP
"""Samples before a chunk that its first features hear as well."""
LATENESS = 22
"""Frames by which what the model says lags behind what it hears."""
MOST_CHUNKS = 5
"""Chunks of one session that are heard in one call."""
HIDDEN = 112
STATE_SHAPES = ((2,), (9, BANDS), (HIDDEN,), (LATENESS, HIDDEN), (HIDDEN,))
"""Shapes of the parts of the state of one session: ``SegmentationState`` in ``network.py``."""
QUIETEST_FEATURE = -3.0
"""What the state's features are before anything was heard."""
SILENCE = (1.0, 0.0, 0.0, 0.0)
"""Probabilities where nothing can be heard."""

SessionState: TypeAlias = tuple[NDArray[np.float32], ...]
"""Of one session, shapes ``STATE_SHAPES``; or of ``n`` sessions, each with ``n`` in front."""
SegmentationNetwork: TypeAlias = Callable[[NDArray[np.float32], SessionState], tuple[NDArray[np.float32], SessionState]]
"""From features, ``(n, 2 * frames, 80)``, and states before, to logits, ``(n, frames, 4)``, and states after."""


def initial_state() -> SessionState:
    """The state of a session before anything was heard."""
    state = [np.zeros(shape, np.float32) for shape in STATE_SHAPES]
    state[1] = np.full_like(state[1], QUIETEST_FEATURE)
    return tuple(state)


@dataclass(frozen=True, slots=True, eq=False)
class SegmentationQuery:
    """Consecutive chunks of one session.

    ``samples``: with context, float32, shape ``(CONTEXT + m * CHUNK,)``. ``audible``: shape ``(m,)``; a chunk that is not is
    silence, and resets the state. ``state``: before the first chunk.
    """

    samples: NDArray[np.float32]
    audible: NDArray[np.bool_]
    state: SessionState


@dataclass(frozen=True, slots=True, eq=False)
class SegmentationScores:
    """Answer to a query: probabilities of nobody, one, two or more, and of a change, float32, shape ``(10 * m, 4)``.

    The first of them is of the frame ``LATENESS`` before the first one of the query, shifted by ``CONTEXT`` samples to the front.
    ``state``: after the last chunk.
    """

    probabilities: NDArray[np.float32]
    state: SessionState


class SegmentationModel:
    """Hears chunks of many sessions in common network calls; may be called from several threads where the network may."""

    def __init__(self, network: SegmentationNetwork) -> None:
        self._network = network
        # The first calls are slow.
        self.infer([SegmentationQuery(np.zeros(CONTEXT + CHUNK, np.float32), np.ones(1, bool), initial_state())])

    def infer(self, queries: Sequence[SegmentationQuery]) -> list[SegmentationScores]:
        """Answers all queries, with one network call for the parts of equal length."""
        states = [query.state for query in queries]
        heard: list[list[NDArray[np.float32]]] = [[] for _ in queries]
        parts = [list(_parts(query)) for query in queries]
        for step in range(max(map(len, parts))):
            by_length: dict[int, list[int]] = {}
            for index, of_query in enumerate(parts):
                if step >= len(of_query):
                    continue
                first, last, audible = of_query[step]
                if audible:
                    by_length.setdefault(last - first, []).append(index)
                else:
                    states[index] = initial_state()
                    heard[index].append(np.tile(np.array(SILENCE, np.float32), ((last - first) * CHUNK // FRAME, 1)))
            for alike in by_length.values():
                features = np.stack([_features(queries[index], *parts[index][step][:2]) for index in alike])
                before = tuple(np.stack(part) for part in zip(*(states[index] for index in alike), strict=True))
                logits, after = self._network(features, before)
                for row, index in enumerate(alike):
                    states[index] = tuple(part[row] for part in after)
                    heard[index].append(_probabilities(logits[row]))
        return [
            SegmentationScores(np.concatenate(of_query), tuple(part.copy() for part in state))
            for of_query, state in zip(heard, states, strict=True)
        ]


def embedded(name: str) -> Path:
    """A file of the model in this distribution."""
    return FOLDER / name


def _parts(query: SegmentationQuery) -> Iterator[tuple[int, int, bool]]:
    """First and last chunk, and whether they are audible, of parts of at most ``MOST_CHUNKS``."""
    first, audible = 0, query.audible.tolist()
    for number in range(1, len(audible) + 1):
        if number == len(audible) or audible[number] != audible[first] or number - first == MOST_CHUNKS:
            yield first, number, audible[first]
            first = number


def _features(query: SegmentationQuery, first: int, last: int) -> NDArray[np.float32]:
    return log_mel(query.samples[first * CHUNK : last * CHUNK + CONTEXT])


def _probabilities(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(logits[:, :3] - logits[:, :3].max(1, keepdims=True))
    counts = powers / powers.sum(1, keepdims=True)
    return np.concatenate([counts, 1 / (1 + np.exp(-logits[:, 3:]))], 1).astype(np.float32)
