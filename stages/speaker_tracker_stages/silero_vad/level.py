"""Automatic gain control: brings quiet recordings to the level that models were trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TARGET_RMS = 10.0 ** (-24.0 / 20.0)
QUIETEST_RMS = 10.0 ** (-50.0 / 20.0)
DECAY_SECONDS = 10.0


class LevelFollower:
    """Follows the level of the loud parts and amplifies to -24 dBFS, by at most 26 dB; never attenuates.

    The level is the largest RMS of a block, which decays with a time constant of 10 s. Causal: the gain of a block depends on it
    and on those before it.
    """

    def __init__(self, blocks_per_second: float, level: float = QUIETEST_RMS) -> None:
        self._decay = float(np.exp(-1.0 / (DECAY_SECONDS * blocks_per_second)))
        self.level = level

    def amplified(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """``block`` (float32, shape ``(n,)``, within [-1, 1]) with the gain of its time, within [-1, 1]."""
        rms = float(np.sqrt(np.mean(np.square(block)))) if len(block) else 0.0
        self.level = max(rms, self.level * self._decay, QUIETEST_RMS)
        gain = TARGET_RMS / self.level
        return np.clip(block * np.float32(gain), -1.0, 1.0) if gain > 1.0 else block
