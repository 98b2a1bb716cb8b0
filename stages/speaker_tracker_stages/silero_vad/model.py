"""The Silero model, shared by all sessions, whichever backend runs its network.

Model: silero-vad 6 (Silero Team, "Silero VAD: pre-trained enterprise-grade Voice Activity Detector", MIT), in the forms that its
package carries: 512 new samples with 64 samples of context and a recurrent state give the probability of speech.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FRAME = 512
"""Samples that each probability stands for, 32 ms."""
CONTEXT = 64
"""Samples before a frame that the network hears as well."""
STATE_SHAPE = (2, 1, 128)
"""Shape of the recurrent state of one session."""

SileroNetwork: TypeAlias = Callable[[NDArray[np.float32], NDArray[np.float32]], tuple[NDArray[np.float32], NDArray[np.float32]]]
"""From frames with context, ``(n, 576)``, and states before, ``(2, n, 128)``, to probabilities, ``(n,)``, and states after."""


@dataclass(frozen=True, slots=True, eq=False)
class SpeechQuery:
    """Consecutive frames of one session.

    ``frames``: with context, float32, shape ``(m, 576)``. ``audible``: shape ``(m,)``; a frame that is not is no speech, and resets
    the recurrent state. ``state``: the state before the first frame, shape ``STATE_SHAPE``.
    """

    frames: NDArray[np.float32]
    audible: NDArray[np.bool_]
    state: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class SpeechScores:
    """Answer to a query: probability of speech of each frame, shape ``(m,)``, 0 to 1; and the state after the last one."""

    probabilities: NDArray[np.float32]
    state: NDArray[np.float32]


class SileroModel:
    """Scores frames of many sessions in common network calls."""

    def __init__(self, network: SileroNetwork) -> None:
        self._network = network
        # The first calls are slow: TorchScript compiles itself.
        self.infer([SpeechQuery(np.zeros((3, CONTEXT + FRAME), np.float32), np.ones(3, bool), np.zeros(STATE_SHAPE, np.float32))])

    def infer(self, queries: Sequence[SpeechQuery]) -> list[SpeechScores]:
        """Answers all queries, frame by frame, with one network call for the frames of equal number."""
        scores = [np.zeros(len(query.frames), np.float32) for query in queries]
        states = [query.state for query in queries]
        silence = np.zeros(STATE_SHAPE, np.float32)
        for step in range(max(len(query.frames) for query in queries)):
            present = [index for index, query in enumerate(queries) if step < len(query.frames)]
            heard = [index for index in present if queries[index].audible[step]]
            for index in set(present).difference(heard):
                states[index] = silence
            if not heard:
                continue
            frames = np.stack([queries[index].frames[step] for index in heard])
            probabilities, after = self._network(frames, np.concatenate([states[index] for index in heard], axis=1))
            for column, index in enumerate(heard):
                states[index] = after[:, column : column + 1]
                scores[index][step] = probabilities[column]
        return [SpeechScores(score, state.copy()) for score, state in zip(scores, states, strict=True)]
