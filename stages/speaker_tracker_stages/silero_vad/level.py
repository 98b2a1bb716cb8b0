"""Brings quiet recordings to the level that models were trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TARGET = 10.0 ** (-24.0 / 20.0)
QUIETEST = 10.0 ** (-50.0 / 20.0)


class LevelFollower:
    """Follows how loud the loud parts are, and amplifies by what they lack to -24 dBFS, by 26 dB at most; never attenuates.

    The level is the largest RMS of a block, forgotten with a time constant of 10 s. Causal: a block's gain depends on it and on
    those before it.
    """

    def __init__(self, blocks_per_second: float, level: float = QUIETEST) -> None:
        self._decay = float(np.exp(-1.0 / (10.0 * blocks_per_second)))
        self.level = level

    def amplified(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """``block`` (float32, shape ``(n,)``, within [-1, 1]) at the new level, within [-1, 1]."""
        rms = float(np.sqrt(np.mean(np.square(block)))) if len(block) else 0.0
        self.level = max(rms, self.level * self._decay, QUIETEST)
        gain = TARGET / self.level
        return np.clip(block * np.float32(gain), -1.0, 1.0) if gain > 1.0 else block
