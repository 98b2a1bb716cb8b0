"""Log-mel features in NumPy, chunk by chunk: 80 bands, windows of 32 ms, one every 10 ms, of audio at 16 kHz."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16000
WINDOW = 512
HOP = 160
BANDS = 80
LOWEST_HZ, HIGHEST_HZ = 60.0, 7600.0
POWER_FLOOR = 1e-7
"""Power of a mel band, of samples within [-1, 1], below which nothing is told apart."""


@lru_cache
def hann() -> NDArray[np.float32]:
    """The window, shape ``(512,)``."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)


@lru_cache
def mel_bands() -> NDArray[np.float32]:
    """Triangles of height 1 on the mel scale (O'Shaughnessy, 1987), shape ``(257, 80)``."""
    lowest, highest = (2595 * np.log10(1 + hertz / 700) for hertz in (LOWEST_HZ, HIGHEST_HZ))
    edges = 700 * (10 ** (np.linspace(lowest, highest, BANDS + 2) / 2595) - 1)
    hertz = np.arange(WINDOW // 2 + 1)[:, None] * SAMPLE_RATE / WINDOW
    # Low bands are narrower than a bin is wide: each reaches at least to its neighbouring bins.
    width = SAMPLE_RATE / WINDOW
    rising = (hertz - edges[:-2]) / np.maximum(edges[1:-1] - edges[:-2], width)
    rising = np.where(edges[1:-1] - edges[:-2] < width, 1 - (edges[1:-1] - hertz) / width, rising)
    falling = 1 - (hertz - edges[1:-1]) / np.maximum(edges[2:] - edges[1:-1], width)
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


def log_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Natural logarithms of the power in each band, shape ``(frames, 80)``, of all windows that fit in ``samples``.

    A chunk of a stream is preceded by the ``WINDOW - HOP`` samples before it.
    """
    if len(samples) < WINDOW:
        return np.zeros((0, BANDS), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
    spectrum = np.fft.rfft(windows * hann(), axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    return np.asarray(np.log(power @ mel_bands() + np.float32(POWER_FLOOR)), np.float32)
