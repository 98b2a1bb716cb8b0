"""Log mel filter banks in NumPy, as Kaldi's ``compute-fbank-feats`` makes them without dither.

The constants are Kaldi's defaults (Povey et al., "The Kaldi speech recognition toolkit", ASRU 2011), with 80 bands, as CAM++ is
trained on.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from speaker_tracker.events import SAMPLE_RATE
from speaker_tracker.stagekit.voice_encoder import FRAME_STEP

BANDS = 80
FRAME = 400
"""Samples of a frame, 25 ms."""
POINTS = 512
"""Points of the Fourier transform; the frame is filled up with zeros."""
LOWEST_HZ = 20.0
HIGHEST_HZ = SAMPLE_RATE / 2
PREEMPHASIS = np.float32(0.97)
FLOOR = np.finfo(np.float32).eps
"""Minimum power of a band."""


def hertz_to_mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Frequencies on the mel scale."""
    return np.asarray(1127.0 * np.log1p(hertz / 700.0), np.float64)


def mel_filterbank() -> NDArray[np.float32]:
    """Triangles of height 1, equally spaced and straight on the mel scale; shape ``(POINTS // 2 + 1, BANDS)``."""
    lowest, highest = hertz_to_mel(np.array([LOWEST_HZ, HIGHEST_HZ]))
    edges = np.linspace(lowest, highest, BANDS + 2)
    bins = hertz_to_mel(np.linspace(0.0, SAMPLE_RATE / 2, POINTS // 2 + 1))[:, np.newaxis]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.asarray(np.clip(np.minimum(rising, falling), 0.0, None), np.float32)


FILTERBANK = mel_filterbank()
WINDOW = np.power(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / (FRAME - 1)), 0.85).astype(np.float32)
"""Povey's window: a Hann window to the power of 0.85."""


def filter_banks(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Natural logarithms of the power of bands, float32, shape ``(batch, frames, BANDS)``.

    ``samples``: at 16 kHz within [-1, 1], float32, shape ``(batch, samples)`` with at least ``FRAME`` samples.

    As in Kaldi, frames lie within the samples and nothing is padded: one each 160 samples for as long as a whole one fits, which
    makes about two fewer than ``samples / 160``. Windows of a session still bring each new frame exactly once, as the mean of a
    session needs it: a window that begins 160 n samples after another of its length has n new frames at its end.
    """
    frames = sliding_window_view(samples, FRAME, axis=1)[:, ::FRAME_STEP]
    frames = frames - frames.mean(axis=2, keepdims=True)
    before = np.concatenate([frames[..., :1], frames[..., :-1]], axis=2)
    spectrum = np.fft.rfft((frames - PREEMPHASIS * before) * WINDOW, POINTS)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    return np.asarray(np.log(np.maximum(power.astype(np.float32) @ FILTERBANK, FLOOR)), np.float32)


def less_mean(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features of one window, shape ``(frames, bands)``, less their mean, as CAM++ is trained on."""
    return np.asarray(features - features.mean(axis=0), np.float32)
