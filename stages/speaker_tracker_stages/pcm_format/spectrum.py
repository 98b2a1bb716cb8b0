"""Which part of its band a piece fills: audio that was made at a lower rate and is sent at a higher one leaves the rest empty."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events import SAMPLE_RATE

FRAME = 512
HOP = 256
WINDOW = np.hanning(FRAME).astype(np.float32)

EMPTY_HZ = (3100, 7500)
"""Where audio of 16 kHz has nothing if it was resampled to 44.1 or 48 kHz and is read at 16 kHz: above 2.9 and 2.7 kHz."""
EMPTY_DB = -62.0
"""Largest share of that band in all power, in dB, that counts as empty; in recordings, also of telephones, the least was -49 dB."""
ROUNDING = 2 * float(np.square(WINDOW).sum()) / 12
"""Power of a bin that holds hardly more than the noise of rounding to integers."""
FILLED_HZ = (1600, 2500)
EDGE_DB = 20.0
"""Least difference between typical bins of the filled band and the mean of the empty one: notes and hum have gaps."""


def share_above(samples: NDArray[Any], fraction: float) -> float:
    """Share of the power above this fraction of the band, in dB, between -120 and 0. ``samples``: shape ``(n,)``, n >= 512."""
    spectrum = _spectrum(samples)
    return _decibels(spectrum[round(fraction * len(spectrum)) :].sum() / spectrum.sum())


def is_narrow(samples: NDArray[Any]) -> bool | None:
    """Whether sound fills the band up to 2.5 kHz and nothing is above 3.1 kHz; None if it is too quiet to say.

    ``samples``: integers at 16 kHz, shape ``(n,)``, n >= 512.
    """
    spectrum = _spectrum(samples)
    empty, filled = _band(spectrum, EMPTY_HZ), _band(spectrum, FILLED_HZ)
    if _decibels(empty.mean() / np.median(filled)) > -EDGE_DB:
        return False
    if _decibels(empty.sum() / spectrum.sum()) < EMPTY_DB:
        return True
    return None if empty.mean() < ROUNDING else False


def _spectrum(samples: NDArray[Any]) -> NDArray[np.float32]:
    """Mean power of each bin but the two lowest, which hold the offset; above 0 in all."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP] * WINDOW
    power: NDArray[np.float32] = np.square(np.abs(np.fft.rfft(frames, axis=1))).mean(axis=0, dtype=np.float32)
    return power[2:] + np.finfo(np.float32).eps


def _band(spectrum: NDArray[np.float32], hertz: tuple[int, int]) -> NDArray[np.float32]:
    first, last = (round(edge * FRAME / SAMPLE_RATE) - 2 for edge in hertz)
    return spectrum[first:last]


def _decibels(share: Any) -> float:
    return float(10 * np.log10(max(float(share), 1e-12)))
