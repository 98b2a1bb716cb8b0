"""The Silero model, shared by all sessions, whichever backend runs its network.

Model: silero-vad 6 (Silero Team, "Silero VAD: pre-trained enterprise-grade Voice Activity Detector", MIT), in the forms that its
package carries: 512 new samples with 64 samples of context and a recurrent state give the probability of speech.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FRAME = 512
"""Samples that each probability stands for, 32 ms."""
CONTEXT = 64
"""Samples before a frame that the network hears as well."""
STATE_SHAPE = (2, 1, 128)
"""Shape of the recurrent state of one session."""


class SileroNetwork(Protocol):
    """The network in two parts; all arrays are float32."""

    def encode(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """The part that looks at single frames: from frames with context, ``(k, 576)``, to whatever ``decide`` wants of each."""
        ...

    def decide(self, encoded: NDArray[np.float32], states: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The part that goes from frame to frame: encoded frames of ``n`` sessions, ``(n, m, ...)``, and states, ``(2, n, 128)``.

        To probabilities, ``(n, m)``, and the states after the last frames.
        """
        ...


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
        self.infer(
            [SpeechQuery(np.zeros((3, CONTEXT + FRAME), np.float32), np.ones(3, bool), np.zeros(STATE_SHAPE, np.float32))] * 2
        )

    def infer(self, queries: Sequence[SpeechQuery]) -> list[SpeechScores]:
        """Answers all queries: all audible frames are encoded in one call, and what is as long is decided in one."""
        scores = [np.zeros(len(query.frames), np.float32) for query in queries]
        states = [query.state for query in queries]
        parts = [list(_parts(query.audible.tolist())) for query in queries]
        audible = [query.frames[query.audible] for query in queries]
        encoded = self._network.encode(np.concatenate(audible)) if any(map(len, audible)) else np.empty(0, np.float32)
        begins = np.cumsum([0, *map(len, audible)]).tolist()
        for step in range(max(map(len, parts), default=0)):
            by_length: dict[int, list[int]] = {}
            for index, of_query in enumerate(parts):
                if step >= len(of_query):
                    continue
                first, last, is_audible = of_query[step]
                if is_audible:
                    by_length.setdefault(last - first, []).append(index)
                else:
                    states[index] = np.zeros(STATE_SHAPE, np.float32)
            for length, alike in by_length.items():
                heard = np.stack([encoded[begins[index] : begins[index] + length] for index in alike])
                probabilities, after = self._network.decide(heard, np.concatenate([states[index] for index in alike], axis=1))
                for row, index in enumerate(alike):
                    first, last, _ = parts[index][step]
                    begins[index] += length
                    states[index] = after[:, row : row + 1]
                    scores[index][first:last] = probabilities[row]
        return [SpeechScores(score, state.copy()) for score, state in zip(scores, states, strict=True)]


def _parts(audible: Sequence[bool]) -> Iterator[tuple[int, int, bool]]:
    """First and last frame, and whether they are audible, of parts in which all or none are."""
    first = 0
    for number in range(1, len(audible) + 1):
        if number == len(audible) or audible[number] != audible[first]:
            yield first, number, audible[first]
            first = number
