"""Speech-like audio by which an exported model is compared with the original."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events import SAMPLE_RATE

SECONDS_OF_EACH = 4
PITCHES_HZ = (110.0, 210.0)
HIGHEST_HZ = 6000.0
BREATH = 0.01
SYLLABLES_HZ = 4.0
WINDOW_SAMPLES = (24_000, 16_000, 11_000)
"""Lengths of windows that are compared."""


def probe_windows() -> list[NDArray[np.float32]]:
    """Batches of windows, one batch for each length in ``WINDOW_SAMPLES``: float32, shape ``(n, length)``, within [-1, 1]."""
    samples = np.concatenate([_voice(pitch) for pitch in PITCHES_HZ])
    return [
        np.stack([samples[start : start + length] for start in range(0, len(samples) - length, SAMPLE_RATE // 2)])
        for length in WINDOW_SAMPLES
    ]


def _voice(pitch_hz: float) -> NDArray[np.float32]:
    """Harmonics with a wandering pitch and a falling spectrum, breath, and a loudness that goes up and down as in syllables."""
    time = np.arange(SECONDS_OF_EACH * SAMPLE_RATE) / SAMPLE_RATE
    phase = 2 * np.pi * pitch_hz * time + 3.0 * np.sin(2 * np.pi * 0.7 * time)
    harmonics = range(1, int(HIGHEST_HZ / pitch_hz))
    tone = sum((np.sin(number * phase) / number for number in harmonics), start=np.zeros_like(time))
    breath = np.random.default_rng(round(pitch_hz)).normal(0.0, BREATH, len(time))
    loudness = 0.55 - 0.45 * np.cos(2 * np.pi * SYLLABLES_HZ * time)
    return np.clip((0.2 * tone + breath) * loudness, -1, 1).astype(np.float32)
