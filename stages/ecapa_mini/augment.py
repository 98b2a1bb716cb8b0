"""What happens to a voice on its way to a server: rooms, microphones, lines, coders, noise, other voices.

On whole batches, on the device where they lie.
"""

from __future__ import annotations

import math

import torch
from corpus import SAMPLE_RATE
from torch import Tensor

ROOM_SAMPLES = 6400
EQUALIZER_POINTS = 9
ROOMS, OTHER_VOICES, NOISE = 0.4, 0.12, 0.6
"""Shares of the crops that get each."""
COLOURED, NARROW, TELEPHONE, WITHOUT_LOWS = 0.6, 0.15, 0.15, 0.25
"""Shares of the groups whose microphone or line does so."""
CODED, COMPANDED = 7, 13
"""One crop in so many is coded, one in so many companded."""
WHITE_NOISE, BABBLE = 0.18, 0.12
"""Shares of all noise."""
CODER_POINTS, CODER_HOP = 512, 256
QUIETEST_DB = -30.0


class Augmenter:
    """Draws all chances from PyTorch's generator on the device that it works on.

    ``noise``: int16 PCM at 16 kHz, shape ``(samples,)``, on that device. ``group``: so many neighbours in a batch were recorded
    alike: they share the microphone, the line and the noise.
    """

    def __init__(self, noise: Tensor, group: int) -> None:
        self._noise = noise
        self._group = group
        self._device = noise.device

    def __call__(self, voices: Tensor) -> Tensor:
        """Clean samples to recorded ones, both of shape ``(batch, samples)``; ``batch`` is a multiple of ``group``."""
        count, length = voices.shape
        points = 1 << (length + ROOM_SAMPLES - 1).bit_length()
        noise = self._noises(voices)
        recorded = self._with_other_voices(voices)
        responses, lines = self._rooms(count), self._lines(count, points // 2 + 1)
        spectrum = torch.fft.rfft(recorded, points) * torch.fft.rfft(responses, points) * lines
        recorded = torch.fft.irfft(spectrum, points)[:, :length]
        behind = torch.fft.irfft(torch.fft.rfft(noise, points) * lines, points)[:, :length]
        ratio = self._of_group(count, 0.0, 25.0) + self._uniform(count, -2.0, 2.0)
        recorded = recorded + behind * self._factor(recorded, behind, ratio, NOISE)
        recorded[_one_in(CODED)] = self._coded(recorded[_one_in(CODED)])
        recorded[_one_in(COMPANDED)] = _companded(recorded[_one_in(COMPANDED)])
        return self._played(recorded)

    def _rooms(self, count: int) -> Tensor:
        """Impulse responses: the direct sound and, for some, an exponentially decaying tail."""
        time = torch.arange(ROOM_SAMPLES, device=self._device) / SAMPLE_RATE
        seconds = self._uniform(count, 0.08, 0.7)
        tail = torch.randn(count, ROOM_SAMPLES, device=self._device) * torch.exp(-6.9 * time / seconds[:, None])
        tail[:, :32] = 0.0
        tail = tail / tail.square().sum(1, keepdim=True).sqrt()
        direct_to_tail = 10 ** (self._uniform(count, -2.0, 15.0) / 20)
        responses = torch.where(self._chosen(count, ROOMS), 1 / direct_to_tail, 0.0)[:, None] * tail
        responses[:, 0] = 1.0
        return responses

    def _lines(self, count: int, bins: int) -> Tensor:
        """Magnitudes of what microphone and line let through: a smooth curve, and for some a telephone's or a codec's band."""
        groups = count // self._group
        hertz = torch.linspace(0, SAMPLE_RATE / 2, bins, device=self._device).clamp_min(40.0)
        position = (hertz / 40).log() / math.log(SAMPLE_RATE / 2 / 40) * (EQUALIZER_POINTS - 1)
        low = position.floor().long().clamp_max(EQUALIZER_POINTS - 2)
        curve = torch.randn(groups, EQUALIZER_POINTS, device=self._device) * 4.0 * self._chosen(groups, COLOURED)[:, None]
        decibels = curve[:, low] + (curve[:, low + 1] - curve[:, low]) * (position - low)
        kind = torch.rand(groups, device=self._device)
        upper = torch.where(kind < NARROW, self._uniform(groups, 3300.0, 6500.0), 20_000.0)
        upper = torch.where(kind > 1 - TELEPHONE, self._uniform(groups, 3400.0, 4000.0), upper)
        lower = torch.where(self._chosen(groups, WITHOUT_LOWS), self._uniform(groups, 80.0, 350.0), 0.0)
        steepness = self._uniform(groups, 0.04, 0.5)[:, None]
        above, below = hertz - upper[:, None], lower[:, None] - hertz
        decibels = decibels - (steepness * above).clamp(0.0, 90.0) - (0.2 * below).clamp(0.0, 30.0)
        return (10 ** (decibels / 20)).repeat_interleave(self._group, 0)

    def _with_other_voices(self, voices: Tensor) -> Tensor:
        others = voices.roll(self._group * 3 + 1, 0)
        return voices + others * self._factor(voices, others, self._uniform(len(voices), 4.0, 20.0), OTHER_VOICES)

    def _noises(self, voices: Tensor) -> Tensor:
        """Recorded noise, white noise, or many voices at once; same shape as ``voices``."""
        count, length = voices.shape
        last = len(self._noise) - length
        starts = torch.randint(0, last, (count // self._group,), device=self._device).repeat_interleave(self._group)
        starts = (starts + torch.randint(0, SAMPLE_RATE, (count,), device=self._device)).clamp_max(last)
        noise = self._noise[starts[:, None] + torch.arange(length, device=self._device)].float()
        noise = noise + torch.randn_like(noise)  # where a recording is silent
        kind = torch.rand(count // self._group, device=self._device).repeat_interleave(self._group)[:, None]
        noise = torch.where(kind < WHITE_NOISE, torch.randn_like(noise), noise)
        babble = sum((voices.roll(self._group * number, 0) for number in (5, 8, 12, 17, 23)), torch.zeros_like(voices))
        return torch.where(kind > 1 - BABBLE, babble, noise)

    def _coded(self, voices: Tensor) -> Tensor:
        """What a coder of few bits leaves: bins of the spectrum far below their neighbours fall silent."""
        hann = torch.hann_window(CODER_POINTS, device=self._device)
        spectrum = torch.stft(voices, CODER_POINTS, CODER_HOP, window=hann, pad_mode="constant", return_complex=True)
        level = spectrum.abs()
        around = torch.nn.functional.avg_pool1d(level.transpose(1, 2), 17, 1, 8, count_include_pad=False).transpose(1, 2)
        floor = 10 ** (self._uniform(len(voices), -14.0, 0.0) / 20)
        kept = torch.where(level > floor[:, None, None] * around, spectrum, 0.0)
        return torch.istft(kept, CODER_POINTS, CODER_HOP, window=hann, length=voices.shape[1])

    def _played(self, voices: Tensor) -> Tensor:
        """Each at a level of its own, in sixteen bits."""
        level = 10 ** (self._uniform(len(voices), QUIETEST_DB, 6.0) / 20)
        return (voices * level[:, None] * 32768).round().clamp(-32768, 32767) / 32768

    def _uniform(self, count: int, low: float, high: float) -> Tensor:
        return torch.rand(count, device=self._device) * (high - low) + low

    def _of_group(self, count: int, low: float, high: float) -> Tensor:
        return self._uniform(count // self._group, low, high).repeat_interleave(self._group)

    def _chosen(self, count: int, share: float) -> Tensor:
        return torch.rand(count, device=self._device) < share

    def _factor(self, signal: Tensor, other: Tensor, ratio_db: Tensor, share: float) -> Tensor:
        """What to multiply ``other`` by so that ``signal`` is ``ratio_db`` louder, for ``share`` of the rows; 0 for the rest."""
        level = signal.square().mean(1).sqrt() / other.square().mean(1).sqrt().clamp_min(1e-6)
        return (level * 10 ** (-ratio_db / 20) * self._chosen(len(signal), share))[:, None]


def _one_in(number: int) -> slice:
    """Rows so far apart; which voices lie in them is chance, and the slice is one that a GPU need not wait for."""
    return slice(number // 2, None, number)


def _companded(voices: Tensor) -> Tensor:
    """Quantized to eight bits by the mu-law, as telephones do."""
    mu = 255.0
    peak = voices.abs().amax(1, keepdim=True).clamp_min(1e-6)
    level = (voices / peak).abs().mul(mu).log1p() / math.log1p(mu)
    level = (level * 127).round() / 127
    return voices.sign() * peak * (level * math.log1p(mu)).expm1() / mu


def mask_bands(features: Tensor, share: float, widest: int) -> Tensor:
    """Silences one band of up to ``widest`` mel bands in some of the windows (Park et al., "SpecAugment", Interspeech 2019)."""
    count, _, bands = features.shape
    device = features.device
    first = torch.randint(0, bands, (count, 1), device=device)
    width = torch.randint(1, widest + 1, (count, 1), device=device) * (torch.rand(count, 1, device=device) < share)
    band = torch.arange(bands, device=device)
    masked = (band >= first) & (band < first + width)
    return features.masked_fill(masked[:, None], 0.0)
