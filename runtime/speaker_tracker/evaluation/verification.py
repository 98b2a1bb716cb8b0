"""Speaker verification trials on windows of utterances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WINDOWS_PER_UTTERANCE = 4
"""Maximum number of windows of one utterance, spread evenly over it."""


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """Scores of pairs of windows, higher for more similar voices; float64, shape ``(n,)``."""

    same: NDArray[np.float64]
    different: NDArray[np.float64]


def window_starts(samples: int, window: int) -> list[int]:
    """Starts of non-overlapping windows of ``window`` samples in an utterance of ``samples``; none if it is too short."""
    count = min(samples // window, WINDOWS_PER_UTTERANCE)
    if count == 1:
        return [(samples - window) // 2]
    return [int(start) for start in np.linspace(0, samples - window, count)]


def cosine_trials(embeddings: NDArray[np.float32], speakers: NDArray[np.int64], utterances: NDArray[np.int64]) -> Trials:
    """Cosines of all pairs of windows of different utterances.

    ``embeddings``: shape ``(n, d)``, of any norm; ``speakers`` and ``utterances``: arbitrary integer ids, shape ``(n,)``.
    """
    unit = embeddings.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True).clip(1e-12)
    first, second = np.triu_indices(len(unit), 1)
    another = utterances[first] != utterances[second]
    first, second = first[another], second[another]
    scores = np.einsum("nd,nd->n", unit[first], unit[second])
    same = speakers[first] == speakers[second]
    return Trials(scores[same], scores[~same])


def equal_error_rate(trials: Trials) -> float:
    """Equal error rate, 0 to 1: error rate at the threshold where false rejections and false acceptances are equally frequent.

    Raises ``ValueError`` if there are no trials of either kind.
    """
    if not len(trials.same) or not len(trials.different):
        raise ValueError("an equal error rate needs pairs of windows of one speaker and of two")
    from sklearn.metrics import roc_curve  # noqa: PLC0415 - heavy, for measurements only

    scores = np.concatenate([trials.same, trials.different])
    same = np.concatenate([np.ones(len(trials.same)), np.zeros(len(trials.different))])
    accepted, recognized, _ = roc_curve(same, scores, drop_intermediate=False)
    refused = 1 - recognized
    crossing = int(np.argmin(np.abs(refused - accepted)))
    return float((refused[crossing] + accepted[crossing]) / 2)
