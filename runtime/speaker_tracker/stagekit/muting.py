"""Tells a microphone that is switched off, so that a model does not have to hear it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MUTED_PEAK = 1.5 / 32768
"""Maximum magnitude of samples from a microphone that is switched off: zero or the last bit."""


class MutedMicrophone:
    """Counts muted frames of one session; ``limit``: how many in a row are still heard, such as those of a second."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._muted = 0

    def audible(self, frames: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which of the next frames, float32, shape ``(m, n)``, have to be heard, shape ``(m,)``."""
        audible = np.ones(len(frames), dtype=bool)
        for number, loudest in enumerate(np.abs(frames).max(axis=1).tolist()):
            self._muted = self._muted + 1 if loudest <= MUTED_PEAK else 0
            audible[number] = self._muted <= self._limit
        return audible
