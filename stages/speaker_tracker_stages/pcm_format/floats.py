"""Recognizes floating-point samples by their exponents: the only byte of a sample that hardly varies."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGNITUDE_BITS = 0x7F
"""The sign left out."""
FLOAT32_EXPONENTS = (0x30, 0x47)
"""First byte of float32 between 5e-10 and 130,000: samples within [-1, 1], and those on the scale of 16-bit samples."""
FLOAT64_EXPONENTS = (0x3D, 0x41)
"""The same of float64, between 5e-14 and 16 million."""
ALMOST_ALL = 0.97
OTHERS_AT_MOST = 0.6
"""Share of a byte of the mantissa that looks like an exponent; a fifth would by chance."""
MIN_VALUES = 12
"""Different samples in a piece, so that silence and simple periodic signals prove nothing."""


def float_format(data: NDArray[np.uint8]) -> str | None:
    """``float32`` or ``float64``, of either byte order and from any byte on, if ``data`` is that; else None.

    ``data``: uint8, shape ``(n,)``.
    """
    for name, width, exponents in (("float64", 8, FLOAT64_EXPONENTS), ("float32", 4, FLOAT32_EXPONENTS)):
        words = data[: len(data) // width * width].reshape(-1, width)
        sounding = words[words.any(axis=1)]
        if len(sounding) < len(words) // 2:
            continue
        shares = _shares_between(sounding, *exponents)
        most = int(shares.argmax())
        if shares[most] < ALMOST_ALL or shares[(most + 2) % width] > OTHERS_AT_MOST:
            continue
        if len(np.unique(sounding.view(f"<u{width}"))) >= MIN_VALUES:
            return name
    return None


def _shares_between(words: NDArray[np.uint8], lowest: int, highest: int) -> NDArray[Any]:
    """For each byte of the words, how often it lies between these bounds, apart from its sign."""
    magnitudes = words & MAGNITUDE_BITS
    shares: NDArray[Any] = ((magnitudes >= lowest) & (magnitudes <= highest)).mean(axis=0)
    return shares
