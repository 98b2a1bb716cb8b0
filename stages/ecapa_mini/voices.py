"""Other voices made of a voice: another pitch, and a throat and mouth of another shape.

Played faster or slower, speech is another voice (Yamamoto et al., "Speaker augmentation and bandwidth extension for deep speaker
embedding", Interspeech 2019). That moves pitch and formants together; here the formants are then moved on their own, each region by
its own factor, as they differ between people (Jaitly and Hinton, "Vocal tract length perturbation", ICML workshop 2013).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr
import torch
from corpus import SAMPLE_RATE
from numpy.typing import NDArray
from torch import Tensor

POINTS = 512
HOP = 128
PITCHLESS_QUEFRENCIES = 30
"""Below it (1.9 ms) the cepstrum says how the throat is shaped; a voice's period lies above."""
KNOTS_HZ = (0.0, 600.0, 1300.0, 2300.0, 3500.0, 8000.0)
SLOWEST, FASTEST = 0.76, 1.32
KNOT_SPREAD = 0.05
MOST_GAIN = 2.0
"""By how much a bin may be changed: a factor of e to this."""


@dataclass(frozen=True, slots=True)
class Voice:
    """``speed``: factor of pitch and tempo; ``formants``: factors of the formants near each of ``KNOTS_HZ``, before the speed."""

    speed: float
    formants: tuple[float, ...]


AS_IT_IS = Voice(1.0, (1.0,) * len(KNOTS_HZ))


def draw_voice(random: np.random.Generator, part: int, parts: int) -> Voice:
    """A voice that a person might have, its speed from one of ``parts`` equal parts of the range.

    Formants follow the pitch by anything between not at all and a little more than in full.
    """
    lowest, highest = np.log(SLOWEST), np.log(FASTEST)
    speed = float(np.exp(lowest + (part + random.random()) / parts * (highest - lowest)))
    follow = random.uniform(-1.0, 0.3)
    factors = speed**follow * np.exp(random.normal(0.0, KNOT_SPREAD, len(KNOTS_HZ)))
    return Voice(speed, tuple(float(factor) for factor in factors))


def in_voice(samples: NDArray[np.float32], voice: Voice) -> NDArray[np.float32]:
    """Speech at 16 kHz, said in another voice; its length is divided by the speed."""
    if voice == AS_IT_IS:
        return samples
    shaped = move_formants(samples, voice.formants)
    return np.asarray(soxr.resample(shaped, voice.speed * SAMPLE_RATE, SAMPLE_RATE), np.float32)


def move_formants(samples: NDArray[np.float32], factors: tuple[float, ...]) -> NDArray[np.float32]:
    """The same pitch and tempo with every peak of the spectral envelope at ``factors`` times its frequency; same shape."""
    hann = torch.hann_window(POINTS)
    spectrum = torch.stft(torch.from_numpy(samples), POINTS, HOP, window=hann, pad_mode="constant", return_complex=True)
    level = spectrum.abs().clamp_min(1e-5).log()
    gain = (gain_of_level(factors) @ level).clamp(-MOST_GAIN, MOST_GAIN)
    moved = torch.istft(spectrum * gain.exp(), POINTS, HOP, window=hann, length=len(samples))
    return np.asarray(moved.numpy(), np.float32)


def gain_of_level(factors: tuple[float, ...]) -> Tensor:
    """What takes a frame's log magnitudes to the logarithms of the gains that move its envelope, shape ``(bins, bins)``."""
    bins = POINTS // 2 + 1
    cepstra = np.fft.irfft(np.eye(bins), POINTS, axis=0)
    cepstra[PITCHLESS_QUEFRENCIES : POINTS - PITCHLESS_QUEFRENCIES + 1] = 0.0
    envelope = np.fft.rfft(cepstra, axis=0).real
    hertz = np.linspace(0, SAMPLE_RATE / 2, bins)
    before = (hertz / np.interp(hertz, KNOTS_HZ, factors)).clip(0, SAMPLE_RATE / 2) / (SAMPLE_RATE / 2) * (bins - 1)
    low = np.minimum(before.astype(int), bins - 2)
    share = (before - low)[:, None]
    moved = (1 - share) * envelope[low] + share * envelope[low + 1]
    return torch.from_numpy((moved - envelope).astype(np.float32))
