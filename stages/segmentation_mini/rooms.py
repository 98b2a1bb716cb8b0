"""What happens to sound on its way: rooms, microphones, lines, levels. On whole batches, on any device."""

from __future__ import annotations

import math

import torch
from speech_corpus import SAMPLE_RATE
from torch import Tensor

ROOM_SAMPLES = 8000
REFLECTIONS = 10
EQUALIZER_POINTS = 9
ROOMS, COLOURED, TELEPHONE, NARROW, WITHOUT_LOWS = 0.65, 0.6, 0.12, 0.2, 0.3
COMPANDED, OVERLOADED, OFFSET = 0.1, 0.04, 0.25
"""Shares of the recordings that get each."""
QUIETEST_DB, LOUDEST_DB = -48.0, -18.0
"""Range of the level of speech in what was recorded, relative to full scale."""


def uniform(shape: tuple[int, ...], low: float, high: float, device: torch.device) -> Tensor:
    """Uniformly distributed numbers."""
    return torch.rand(shape, device=device) * (high - low) + low


def chosen(shape: tuple[int, ...], share: float, device: torch.device) -> Tensor:
    """1.0 for this share by chance, 0.0 for the rest."""
    return (torch.rand(shape, device=device) < share).float()


def rooms(count: int, tracks: int, device: torch.device) -> Tensor:
    """Impulse responses, shape ``(count, tracks, ROOM_SAMPLES)``: a room for each, a distance for each track."""
    time = torch.arange(ROOM_SAMPLES, device=device) / SAMPLE_RATE
    seconds = uniform((count, 1, 1), 0.15, 0.9, device)
    tail = torch.randn(count, tracks, ROOM_SAMPLES, device=device) * torch.exp(-6.9 * time / seconds)
    tail[..., :64] = 0.0
    tail = tail / tail.square().sum(-1, keepdim=True).sqrt()
    tail = tail * 10 ** (uniform((count, tracks, 1), -16.0, 4.0, device) / 20) * chosen((count, 1, 1), ROOMS, device)
    # Early reflections: walls and table, or the other microphones of a mix.
    early = torch.zeros_like(tail)
    places = (uniform((count, tracks, REFLECTIONS), 1.0, 6.4, device).exp().long()).clamp_max(ROOM_SAMPLES - 1)
    strength = torch.randn(count, tracks, REFLECTIONS, device=device) * uniform((count, 1, 1), 0.0, 0.25, device)
    early.scatter_(2, places, strength * chosen((count, 1, 1), ROOMS, device))
    responses = tail + early
    responses[..., 0] += 1.0
    return responses


def lines(shape: tuple[int, ...], bins: int, share: float, device: torch.device) -> Tensor:
    """Magnitudes of what microphone and line let through, shape ``(*shape, bins)``: a smooth curve, for some a telephone's band.

    ``share``: of those that are not flat.
    """
    hertz = torch.linspace(0, SAMPLE_RATE / 2, bins, device=device)
    position = (hertz.clamp_min(40.0) / 40).log() / math.log(SAMPLE_RATE / 2 / 40) * (EQUALIZER_POINTS - 1)
    low = position.floor().long().clamp_max(EQUALIZER_POINTS - 2)
    curve = torch.randn(*shape, EQUALIZER_POINTS, device=device) * 4.0 * chosen((*shape, 1), COLOURED, device)
    decibels = curve[..., low] + (curve[..., low + 1] - curve[..., low]) * (position - low)
    telephone = torch.rand(*shape, 1, device=device) < TELEPHONE
    narrow = torch.rand(*shape, 1, device=device) < NARROW
    upper = torch.where(narrow, uniform((*shape, 1), 3300.0, 7000.0, device), torch.full_like(curve[..., :1], 20_000.0))
    upper = torch.where(telephone, uniform((*shape, 1), 3200.0, 3700.0, device), upper)
    cut = torch.rand(*shape, 1, device=device) < WITHOUT_LOWS
    lower = torch.where(cut, uniform((*shape, 1), 60.0, 250.0, device), torch.zeros_like(upper))
    lower = torch.where(telephone, uniform((*shape, 1), 200.0, 350.0, device), lower)
    decibels = decibels - (0.05 * (hertz - upper)).clamp(0.0, 50.0) - (0.15 * (lower - hertz)).clamp(0.0, 30.0)
    return 10 ** (decibels * chosen((*shape, 1), share, device) / 20)


def recorded(sound: Tensor) -> Tensor:
    """As a file has it: samples of 16 bits within [-1, 1].

    ``sound``: shape ``(n, samples)``, speech at a root mean square of about 1.
    """
    count, device = len(sound), sound.device
    level = 10 ** (uniform((count, 1), QUIETEST_DB, LOUDEST_DB, device) / 20)
    sound = sound * torch.where(torch.rand(count, 1, device=device) < OVERLOADED, torch.full_like(level, 0.4), level)
    sound = _companded(sound, torch.rand(count, 1, device=device) < COMPANDED)
    offset = torch.randn(count, 1, device=device) * 0.01 * chosen((count, 1), OFFSET, device)
    return ((sound + offset).clamp(-1, 1) * 32767).round() / 32768


def _companded(sound: Tensor, where: Tensor) -> Tensor:
    """Some are quantized to eight bits by the mu-law, as telephones do."""
    peak = sound.abs().amax(1, keepdim=True).clamp_min(1e-4)
    mu = 255.0
    coded = ((sound / peak).abs() * mu).log1p() / math.log1p(mu)
    decoded = sound.sign() * peak * ((coded * 127).round() / 127 * math.log1p(mu)).expm1() / mu
    return torch.where(where, decoded, sound)
