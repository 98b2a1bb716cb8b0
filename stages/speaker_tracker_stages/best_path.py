"""The most likely sequence of voices, given that people go on speaking for a while (Viterbi, 1967)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def best_path(scores: NDArray[np.float64], change_price: float) -> NDArray[np.intp]:
    """The voice of each window in the best path, shape ``(windows,)``.

    ``scores``: log-likelihoods, shape ``(windows, voices)``. ``change_price``: what a change of voice takes off a path's score.
    """
    windows, voices = scores.shape
    came_from = np.empty((windows, voices), dtype=np.intp)
    stay = np.arange(voices)
    total = np.zeros(voices)
    for index in range(windows):
        best = int(total.argmax())
        changed = total[best] - change_price
        stays = total >= changed
        came_from[index] = np.where(stays, stay, best)
        total = np.where(stays, total, changed) + scores[index]
    path = np.empty(windows, dtype=np.intp)
    voice = int(total.argmax()) if windows else 0
    for index in range(windows - 1, -1, -1):
        path[index] = voice
        voice = int(came_from[index, voice])
    return path
