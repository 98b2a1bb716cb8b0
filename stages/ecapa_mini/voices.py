"""Other voices made of a voice: another pitch, and a throat and mouth of another shape.

Played faster or slower, speech is another voice (Yamamoto et al., "Speaker augmentation and bandwidth extension for deep speaker
embedding", Interspeech 2019). That moves pitch and formants together; here the formants are then moved on their own, each region by
its own factor, as they differ between people (Jaitly and Hinton, "Vocal tract length perturbation", ICML workshop 2013).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

NYQUIST = 8000.0
POINTS = 512
HOP = 128
PITCHLESS_QUEFRENCIES = 30
"""Below it (1.9 ms) the cepstrum says how the throat is shaped; a voice's period lies above."""
KNOTS_HZ = (0.0, 600.0, 1300.0, 2300.0, 3500.0, NYQUIST)
SLOWEST, FASTEST = 0.76, 1.32
KNOT_SPREAD = 0.05
MOST_GAIN = 2.0
"""By how much a bin may be changed: a factor of e to this."""
ZERO_CROSSINGS = 12
"""Half width of the kernel that resamples, in samples of the lower rate."""


@dataclass(frozen=True, slots=True)
class Voice:
    """``percent``: pitch and tempo against the original; ``formants``: factors near each of ``KNOTS_HZ``, before the speed."""

    percent: int
    formants: tuple[float, ...]


AS_IT_IS = Voice(100, (1.0,) * len(KNOTS_HZ))


def draw_voice(random: np.random.Generator, part: int, parts: int) -> Voice:
    """A voice that a person might have, its speed from one of ``parts`` equal parts of the range.

    Formants follow the pitch by anything between not at all and a little more than in full.
    """
    lowest, highest = np.log(SLOWEST), np.log(FASTEST)
    percent = round(100 * float(np.exp(lowest + (part + random.random()) / parts * (highest - lowest))))
    follow = random.uniform(-1.0, 0.3)
    factors = (percent / 100) ** follow * np.exp(random.normal(0.0, KNOT_SPREAD, len(KNOTS_HZ)))
    return Voice(percent, tuple(float(factor) for factor in factors))


def length_in_voice(samples: int, voice: Voice) -> int:
    """Samples of speech in another voice."""
    return -(-samples * 100 // voice.percent)


def in_voices(samples: Tensor, percent: int, formants: Sequence[tuple[float, ...]]) -> Tensor:
    """Speech at 16 kHz in other voices of one speed, a voice a row; its length is divided by the speed.

    ``samples``: float32, shape ``(n, samples)``; ``formants``: of each row.
    """
    if any(factor != 1.0 for factors in formants for factor in factors):
        samples = move_formants(samples, formants)
    return samples if percent == AS_IT_IS.percent else change_speed(samples, percent)


def change_speed(samples: Tensor, percent: int) -> Tensor:
    """Band-limited interpolation by windowed sincs; shape ``(n, samples)`` to ``(n, samples * 100 / percent)``."""
    common = math.gcd(percent, 100)
    kernel = _sincs(percent // common, 100 // common).to(samples.device)
    step = percent // common
    width = (kernel.shape[1] - step) // 2
    count = -(-samples.shape[1] * 100 // percent)
    padded = torch.nn.functional.pad(samples, (width, width + step))
    return (padded.unfold(1, kernel.shape[1], step) @ kernel.T).flatten(1)[:, :count]


@cache
def _sincs(old: int, new: int) -> Tensor:
    """Filters that make ``new`` samples of ``old`` ones, shape ``(new, old + 2 * width)``."""
    cutoff = 0.95 * min(old, new) / old
    width = math.ceil(ZERO_CROSSINGS / cutoff)
    times = (
        torch.arange(-width, old + width, dtype=torch.float64)[None] - torch.arange(new, dtype=torch.float64)[:, None] * old / new
    )
    window = torch.cos((times * cutoff / ZERO_CROSSINGS).clamp(-1, 1) * math.pi / 2).square()
    return (cutoff * torch.sinc(times * cutoff) * window).float()


def move_formants(samples: Tensor, formants: Sequence[tuple[float, ...]]) -> Tensor:
    """The same pitch and tempo with every peak of the spectral envelope moved by its row's ``formants``; same shape."""
    hann = torch.hann_window(POINTS, device=samples.device)
    spectrum = torch.stft(samples, POINTS, HOP, window=hann, pad_mode="constant", return_complex=True)
    level = spectrum.abs().clamp_min(1e-5).log()
    matrices = torch.stack([gain_of_level(factors) for factors in formants]).to(samples.device)
    gain = (matrices @ level).clamp(-MOST_GAIN, MOST_GAIN)
    return torch.istft(spectrum * gain.exp(), POINTS, HOP, window=hann, length=samples.shape[1])


def gain_of_level(factors: tuple[float, ...]) -> Tensor:
    """What takes a frame's log magnitudes to the logarithms of the gains that move its envelope, shape ``(bins, bins)``."""
    bins = POINTS // 2 + 1
    envelope = _envelope_of_level()
    hertz = np.linspace(0, NYQUIST, bins)
    before = (hertz / np.interp(hertz, KNOTS_HZ, factors)).clip(0, NYQUIST) / NYQUIST * (bins - 1)
    low = torch.from_numpy(np.minimum(before.astype(np.int64), bins - 2))
    share = (torch.from_numpy(before) - low).float()[:, None]
    return (1 - share) * envelope[low] + share * envelope[low + 1] - envelope


@cache
def _envelope_of_level() -> Tensor:
    """What keeps of a frame's log magnitudes the low quefrencies alone, shape ``(bins, bins)``."""
    cepstra = np.fft.irfft(np.eye(POINTS // 2 + 1), POINTS, axis=0)
    cepstra[PITCHLESS_QUEFRENCIES : POINTS - PITCHLESS_QUEFRENCIES + 1] = 0.0
    return torch.from_numpy(np.fft.rfft(cepstra, axis=0).real.astype(np.float32))
