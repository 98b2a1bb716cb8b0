"""The most likely sequence of voices, given that people go on speaking for a while (Viterbi, 1967).

The score of a path is the sum of its windows' similarities less a price for each change of voice.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

SIMILARITY_WEIGHT = 8.0
"""Weight of one window's cosine against the price of a change. Windows overlap, so one alone is little evidence."""

CHANGE_PRICE = 1.0


def best_path(similarities: NDArray[np.float32]) -> NDArray[np.intp]:
    """The voice of each window in the best path; ``similarities``: cosines, shape ``(windows, voices)``."""
    smoother = PathSmoother(similarities.shape[1], memory=len(similarities))
    for row in similarities:
        smoother.push(row)
    return smoother.tail(len(similarities))


class PathSmoother:
    """The same window by window; remembers ``memory`` windows of history."""

    def __init__(self, voices: int, memory: int) -> None:
        self._scores = np.zeros(voices)
        self._came_from: deque[NDArray[np.intp]] = deque(maxlen=max(1, memory))
        self._stay = np.arange(voices)

    def push(self, similarities: NDArray[np.float32]) -> None:
        """Takes in the next window's cosines, shape ``(voices,)``."""
        best = int(self._scores.argmax())
        change = self._scores[best] - CHANGE_PRICE
        stays = self._scores >= change
        self._came_from.append(np.where(stays, self._stay, best))
        self._scores = np.where(stays, self._scores, change) + SIMILARITY_WEIGHT * similarities
        self._scores -= self._scores.max()

    def tail(self, windows: int) -> NDArray[np.intp]:
        """The voices of the last ``windows`` windows (at most those remembered) in the path that is best so far."""
        windows = min(windows, len(self._came_from))
        path = np.empty(windows, dtype=np.intp)
        voice = int(self._scores.argmax())
        for index in range(1, windows + 1):
            path[-index] = voice
            voice = int(self._came_from[-index][voice])
        return path
