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

    def amplified(self, blocks: NDArray[np.float32]) -> NDArray[np.float32]:
        """One block, float32, shape ``(n,)``, or several, ``(m, n)``, with the gains of their time; all within [-1, 1]."""
        if not blocks.shape[-1]:
            return blocks
        loudness = np.sqrt(np.einsum("...n,...n->...", blocks, blocks) / blocks.shape[-1])
        gains = [TARGET_RMS / self._follow(rms) for rms in np.atleast_1d(loudness).tolist()]
        if max(gains) <= 1.0:
            return blocks
        applied = np.maximum(np.array(gains, np.float32), np.float32(1.0)).reshape(blocks.shape[:-1])
        return np.clip(blocks * applied[..., np.newaxis], -1.0, 1.0)

    def _follow(self, rms: float) -> float:
        self.level = max(rms, self.level * self._decay, QUIETEST_RMS)
        return self.level
