"""What happens to a voice on its way to a server: rooms, microphones, lines, noise, other voices. On whole batches."""

from __future__ import annotations

import math

import torch
from corpus import SAMPLE_RATE
from torch import Tensor

ROOM_SAMPLES = 6400
EQUALIZER_POINTS = 9
ROOMS, COLOURED, NARROW, WITHOUT_LOWS, OTHER_VOICES, NOISE, WHITE_NOISE, COMPANDED = 0.4, 0.6, 0.2, 0.25, 0.12, 0.7, 0.18, 0.08
"""Shares of the crops that get each; white noise is a share of all noise."""


class Augmenter:
    """Draws all chances from PyTorch's generator on the CPU, so that a run can be seeded.

    ``noise``: int16 PCM at 16 kHz, shape ``(samples,)``. ``group``: so many neighbours in a batch were recorded alike: they share
    the microphone, the line and the noise.
    """

    def __init__(self, noise: Tensor, group: int) -> None:
        self._noise = noise
        self._group = group

    def __call__(self, voices: Tensor) -> Tensor:
        """Clean samples to recorded ones, both of shape ``(batch, samples)``; ``batch`` is a multiple of ``group``."""
        length = voices.shape[1]
        points = 1 << (length + ROOM_SAMPLES - 1).bit_length()
        spectrum = torch.fft.rfft(voices, points) * torch.fft.rfft(self._rooms(len(voices), voices.device), points)
        spectrum = spectrum * self._lines(len(voices), points // 2 + 1, voices.device)
        recorded = torch.fft.irfft(spectrum, points)[:, :length]
        recorded = self._with_other_voices(recorded, OTHER_VOICES)
        recorded = self._with_noise(recorded, NOISE)
        return self._companded(recorded, COMPANDED)

    def _rooms(self, count: int, device: torch.device) -> Tensor:
        """Impulse responses: the direct sound and, for four in ten, an exponentially decaying tail."""
        time = torch.arange(ROOM_SAMPLES) / SAMPLE_RATE
        seconds = _uniform(count, 0.08, 0.7)
        tail = torch.randn(count, ROOM_SAMPLES) * torch.exp(-6.9 * time / seconds[:, None])
        tail[:, :32] = 0.0
        tail = tail / tail.square().sum(1, keepdim=True).sqrt()
        direct_to_tail = 10 ** (_uniform(count, -2.0, 15.0) / 20)
        responses = torch.where(torch.rand(count) < ROOMS, 1 / direct_to_tail, 0.0)[:, None] * tail
        responses[:, 0] = 1.0
        return responses.to(device)

    def _lines(self, count: int, bins: int, device: torch.device) -> Tensor:
        """Magnitudes of what microphone and line let through: a smooth curve, and for some a telephone's or a codec's band."""
        groups = count // self._group
        hertz = torch.linspace(0, SAMPLE_RATE / 2, bins).clamp_min(40.0)
        position = (hertz / 40).log() / math.log(SAMPLE_RATE / 2 / 40) * (EQUALIZER_POINTS - 1)
        low = position.floor().long().clamp_max(EQUALIZER_POINTS - 2)
        curve = torch.randn(groups, EQUALIZER_POINTS) * 4.0 * (torch.rand(groups, 1) < COLOURED)
        decibels = curve[:, low] + (curve[:, low + 1] - curve[:, low]) * (position - low)
        upper = torch.where(torch.rand(groups) < NARROW, _uniform(groups, 3300.0, 6500.0), 20_000.0)
        lower = torch.where(torch.rand(groups) < WITHOUT_LOWS, _uniform(groups, 80.0, 350.0), 0.0)
        above, below = hertz - upper[:, None], lower[:, None] - hertz
        decibels = decibels - (0.05 * above).clamp(0.0, 50.0) - (0.2 * below).clamp(0.0, 30.0)
        return (10 ** (decibels / 20)).repeat_interleave(self._group, 0).to(device)

    def _with_other_voices(self, voices: Tensor, share: float) -> Tensor:
        others = voices.roll(self._group * 3 + 1, 0)
        ratio = _uniform(len(voices), 4.0, 20.0)
        return voices + others * _factor(voices, others, ratio, share)

    def _with_noise(self, voices: Tensor, share: float) -> Tensor:
        count, length = voices.shape
        starts = torch.randint(0, len(self._noise) - length, (count // self._group,)).repeat_interleave(self._group)
        starts = (starts + torch.randint(0, SAMPLE_RATE, (count,))).clamp_max(len(self._noise) - length)
        noise = torch.stack([self._noise[start : start + length] for start in starts.tolist()]).to(voices.device).float()
        white = torch.rand(count) < WHITE_NOISE
        noise[white] = torch.randn(int(white.sum()), length).to(voices.device)
        ratio = _uniform(count // self._group, 0.0, 25.0).repeat_interleave(self._group) + _uniform(count, -2.0, 2.0)
        return voices + noise * _factor(voices, noise, ratio, share)

    def _companded(self, voices: Tensor, share: float) -> Tensor:
        """Some are quantized to eight bits by the mu-law, as telephones do."""
        chosen = torch.rand(len(voices)) < share
        if chosen.any():
            loud = voices[chosen]
            peak = loud.abs().amax(1, keepdim=True).clamp_min(1e-6)
            mu = 255.0
            level = (loud / peak).abs().mul(mu).log1p() / math.log1p(mu)
            level = (level * 127).round() / 127
            voices = voices.clone()
            voices[chosen] = loud.sign() * peak * (level * math.log1p(mu)).expm1() / mu
        return voices


def mask_bands(features: Tensor, share: float, widest: int) -> Tensor:
    """Silences one band of up to ``widest`` mel bands in some of the windows (Park et al., "SpecAugment", Interspeech 2019)."""
    count, _, bands = features.shape
    first = torch.randint(0, bands, (count, 1))
    width = torch.randint(1, widest + 1, (count, 1)) * (torch.rand(count, 1) < share)
    band = torch.arange(bands)
    masked = (band >= first) & (band < first + width)
    return features.masked_fill(masked.to(features.device)[:, None], 0.0)


def _uniform(count: int, low: float, high: float) -> Tensor:
    return torch.rand(count) * (high - low) + low


def _factor(signal: Tensor, other: Tensor, ratio_db: Tensor, share: float) -> Tensor:
    """What to multiply ``other`` by so that ``signal`` is ``ratio_db`` louder, for ``share`` of the rows; 0 for the rest."""
    level = signal.square().mean(1).sqrt() / other.square().mean(1).sqrt().clamp_min(1e-6)
    chosen = (torch.rand(len(signal)) < share).to(signal.device)
    return (level * (10 ** (-ratio_db / 20)).to(signal.device) * chosen)[:, None]
