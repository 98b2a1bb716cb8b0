"""Tables of the two laws by which telephone networks store samples in 8 bits (ITU-T G.711)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MULAW_BIAS = 0x84
ALAW_MASK = 0x55
"""A-law inverts every other bit."""


def mulaw_table() -> NDArray[np.float32]:
    """Values of the 256 mu-law codes on the scale of 16-bit samples: float32, shape ``(256,)``."""
    codes = ~np.arange(256, dtype=np.uint8)
    exponents, steps = (codes >> 4 & 7).astype(np.int32), (codes & 15).astype(np.int32)
    magnitudes = ((steps << 3) + MULAW_BIAS << exponents) - MULAW_BIAS
    return np.where(codes & 0x80, -magnitudes, magnitudes).astype(np.float32)


def alaw_table() -> NDArray[np.float32]:
    """Values of the 256 A-law codes on the scale of 16-bit samples: float32, shape ``(256,)``."""
    codes = np.arange(256, dtype=np.uint8) ^ ALAW_MASK
    exponents, steps = (codes >> 4 & 7).astype(np.int32), (codes & 15).astype(np.int32)
    magnitudes = np.where(exponents == 0, (steps << 4) + 8, (steps << 4) + 0x108 << np.maximum(exponents - 1, 0))
    return np.where(codes & 0x80, magnitudes, -magnitudes).astype(np.float32)
