"""Sounds that are no speech: recorded noise, coloured noise, hum, music of a kind, breath, and the murmur of many voices."""

from __future__ import annotations

import torch
from rooms import chosen, uniform
from speech_corpus import FRAME, SAMPLE_RATE
from torch import Tensor

RECORDED, COLOURED, MURMUR = 0.55, 0.3, 0.05
"""Shares of each kind of ground noise; the rest has next to none."""
HUM, MUSIC, BURSTS, ON_AND_OFF = 0.12, 0.08, 0.25, 0.2
"""Shares of the recordings that get each besides."""
MURMURING = 6
NOTES = 3
PARTIALS = 6
BREATHS = 3


def ground_noise(noise: Tensor, speech: Tensor, count: int, samples: int) -> Tensor:
    """What is heard all the time, shape ``(count, samples)``, at a root mean square of 1 or 0.

    ``noise`` and ``speech``: int16 PCM.
    """
    device = noise.device
    kind = torch.rand(count, 1, device=device)
    found = _normal(_cuts(noise, count, samples))
    coloured = _normal(coloured_noise(count, samples, device))
    murmur = _normal(sum((_normal(_cuts(speech, count, samples)) for _ in range(MURMURING)), torch.zeros_like(found)))
    ground = torch.where(kind < RECORDED, found, torch.where(kind < RECORDED + COLOURED, coloured, torch.zeros_like(found)))
    ground = torch.where(kind > 1 - MURMUR, 0.3 * murmur, ground)
    # Some of it begins and ends, as machines and cars do.
    edges = torch.rand(count, 2, 1, device=device).sort(1).values * samples
    time = torch.arange(samples, device=device)
    within = ((time > edges[:, 0]) & (time < edges[:, 1])).float()
    on_and_off = torch.rand(count, 1, device=device) < ON_AND_OFF
    return torch.where(on_and_off, ground * within, ground)


def coloured_noise(count: int, samples: int, device: torch.device) -> Tensor:
    """White, pink, brown and what lies between, shape ``(count, samples)``."""
    spectrum = torch.fft.rfft(torch.randn(count, samples, device=device))
    hertz = torch.linspace(0, SAMPLE_RATE / 2, spectrum.shape[1], device=device).clamp_min(30.0)
    slope = uniform((count, 1), 0.0, 1.2, device)
    noise: Tensor = torch.fft.irfft(spectrum * torch.pow(hertz / 1000, -slope), samples)
    return noise


def bursts(count: int, samples: int, device: torch.device) -> Tensor:
    """Breath, rustling and voiceless laughter: short noises, for some in pulses; shape ``(count, samples)``."""
    noise = _normal(coloured_noise(count, samples, device))
    time = torch.arange(samples, device=device) / SAMPLE_RATE
    sum_of_bursts = torch.zeros_like(noise)
    for _ in range(BREATHS):
        start = uniform((count, 1), 0.0, samples / SAMPLE_RATE, device)
        length = uniform((count, 1), 0.1, 1.2, device)
        place = ((time - start) / length).clamp(0.0, 1.0)
        pulses = 0.5 - 0.5 * torch.cos(2 * torch.pi * (time - start) * uniform((count, 1), 3.5, 6.5, device))
        pulsed = torch.where(torch.rand(count, 1, device=device) < 0.5, pulses, torch.ones_like(pulses))  # noqa: PLR2004 - half
        strength = 10 ** (uniform((count, 1), -25.0, 0.0, device) / 20)
        sum_of_bursts = sum_of_bursts + noise * torch.sin(torch.pi * place) * pulsed * strength
    return sum_of_bursts * chosen((count, 1), BURSTS, device)


def tones(count: int, samples: int, device: torch.device) -> Tensor:
    """Hum of the mains for some, notes with partials that change for others; shape ``(count, samples)``."""
    time = torch.arange(samples, device=device) / SAMPLE_RATE
    mains = torch.where(torch.rand(count, 1, device=device) < 0.5, 50.0, 60.0)  # noqa: PLR2004 - either half of the world
    hum = torch.zeros(count, samples, device=device)
    for partial in range(1, PARTIALS + 1):
        strength = torch.randn(count, 1, device=device) / partial
        hum = hum + strength * torch.sin(2 * torch.pi * partial * mains * time)
    level = 10 ** (uniform((count, 1), -50.0, -15.0, device) / 20) * chosen((count, 1), HUM, device)
    musical = torch.nonzero(torch.rand(count) < MUSIC)[:, 0].to(device)
    sound = hum * level
    if len(musical):
        sound[musical] += _music(len(musical), samples, device)
    return sound


def _music(count: int, samples: int, device: torch.device) -> Tensor:
    """Several notes at a time, each with a pitch that changes every quarter second or so."""
    frames = -(-samples // FRAME)
    sound = torch.zeros(count, samples, device=device)
    tempo = uniform((count, 1), 1.0, 6.0, device)
    beat = torch.arange(frames, device=device) * FRAME / SAMPLE_RATE * tempo
    number = beat.long().clamp_max(199)
    fade = torch.exp(-(beat - beat.floor()) * uniform((count, 1), 0.0, 3.0, device))
    fade = fade.repeat_interleave(FRAME, 1)[:, :samples]
    for _ in range(NOTES):
        pitches = 110.0 * 2 ** (torch.randint(0, 36, (count, 200), device=device) / 12)
        hertz = pitches.gather(1, number).repeat_interleave(FRAME, 1)[:, :samples]
        phase = (2 * torch.pi * hertz.double() / SAMPLE_RATE).cumsum(1).remainder(2 * torch.pi).float()
        for partial in range(1, PARTIALS + 1):
            sound = sound + torch.sin(partial * phase) * uniform((count, 1), 0.0, 1.0, device) / partial
    return _normal(sound * fade) * 10 ** (uniform((count, 1), -30.0, 0.0, device) / 20)


def _cuts(pcm: Tensor, count: int, samples: int) -> Tensor:
    """Stretches from anywhere; shorter material is repeated."""
    starts = torch.randint(0, max(1, len(pcm) - samples), (count, 1), device=pcm.device)
    return pcm[(starts + torch.arange(samples, device=pcm.device)) % len(pcm)].float()


def _normal(sound: Tensor) -> Tensor:
    return sound / sound.square().mean(1, keepdim=True).sqrt().clamp_min(1e-6)
