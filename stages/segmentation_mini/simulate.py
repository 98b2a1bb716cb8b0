"""Recordings of conversations made of single voices, with the exact activity of each; all sound is made on the device."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np
import torch
from labels import per_frame
from noises import bursts, ground_noise, tones
from numpy.typing import NDArray
from rooms import ROOM_SAMPLES, lines, recorded, rooms, uniform
from speech_corpus import FRAME, SAMPLE_RATE, SpeechCorpus
from torch import Tensor
from turns import GAIN, LENGTH, PERIOD, SOURCE, SPEED, START, TRACKS, draw_conversations

LEVEL_SPREAD_DB = 4.5
LEVEL_MOST_DB = 10.0
"""Speakers of one conversation are up to twice this apart."""
FADE_SAMPLES = 80
OWN_LINES, COMMON_LINE = 0.25, 0.8
"""Shares of the conversations where each speaker has a line of their own, and of those with one for all."""
NOISE_FROM_DB, NOISE_TO_DB = -50.0, -7.0
"""Range of the level of ground noise relative to speech."""
VOICED_SHARE = 0.6
"""Part of each pulse of a laugh that sounds."""


@dataclass(frozen=True, slots=True)
class Recordings:
    """``samples``: ``(n, samples)`` within [-1, 1]; ``active``: bool, ``(n, tracks, frames)``, frames of 20 ms."""

    samples: Tensor
    active: Tensor


class Simulator:
    """Draws recordings of ``seconds``. Memory: some 40 MB for each second of a hundred recordings."""

    def __init__(self, corpus: SpeechCorpus, noise: NDArray[np.int16], device: torch.device, seconds: float, seed: int) -> None:
        self._corpus = corpus
        self._device = device
        self._pcm = torch.from_numpy(np.array(corpus.pcm)).to(device)
        self._active = torch.from_numpy(corpus.active).to(device)
        self._noise = torch.from_numpy(noise).to(device)
        self._frames = round(seconds * SAMPLE_RATE / FRAME)
        self._random = Random(seed)  # noqa: S311 - nothing secret is drawn

    def draw(self, count: int) -> Recordings:
        """New ones, from PyTorch's generator of the device and a seeded one of turns."""
        samples = self._frames * FRAME
        turns = torch.from_numpy(draw_conversations(self._corpus, self._random, count, self._frames)).to(self._device)
        tracks, active = self._speak(turns)
        points = 1 << (samples + ROOM_SAMPLES - 1).bit_length()
        spectrum = torch.fft.rfft(tracks, points)
        del tracks
        spectrum *= torch.fft.rfft(rooms(count, TRACKS, self._device), points)
        bins = points // 2 + 1
        own = lines((count, TRACKS), bins, 1.0, self._device)
        spectrum *= torch.where(torch.rand(count, 1, 1, device=self._device) < OWN_LINES, own, 1.0)
        mixed = torch.fft.irfft(spectrum.sum(1), points)[:, :samples]
        level = 10 ** (uniform((count, 1), NOISE_FROM_DB, NOISE_TO_DB, self._device) / 20)
        mixed = mixed + level * ground_noise(self._noise, self._pcm, count, samples)
        mixed = mixed + bursts(count, samples, self._device) + tones(count, samples, self._device)
        line = lines((count,), bins, COMMON_LINE, self._device)
        mixed = torch.fft.irfft(torch.fft.rfft(mixed, points) * line, points)[:, :samples]
        return Recordings(recorded(mixed), per_frame(active))

    def _speak(self, turns: Tensor) -> tuple[Tensor, Tensor]:
        """Dry voices, ``(n, TRACKS, samples)``, and who is active in frames of 10 ms, ``(n, TRACKS, frames)``."""
        frame = torch.arange(self._frames, device=self._device, dtype=torch.float64)
        starts = turns[..., START].contiguous()
        turn = torch.searchsorted(starts, frame.expand(*starts.shape[:2], -1).contiguous(), right=True) - 1
        now = turns.gather(2, turn.clamp_min(0)[..., None].expand(*turn.shape, turns.shape[-1]))
        since = frame - now[..., START]
        talking = (turn >= 0) & (since < now[..., LENGTH])
        source = (now[..., SOURCE] + since * now[..., SPEED]).long().clamp(0, len(self._active) - 1)
        active = self._active[source] & talking & (now[..., PERIOD] == 0)
        loudness = torch.randn(turns.shape[:2], device=self._device) * LEVEL_SPREAD_DB
        decibels = now[..., GAIN] + loudness.clamp(-LEVEL_MOST_DB, LEVEL_MOST_DB)[..., None]
        gain = torch.where(talking, 10 ** (decibels / 20), 0.0).float()
        return self._sound(now, since, gain), active

    def _sound(self, now: Tensor, since: Tensor, gain: Tensor) -> Tensor:
        """Samples of each frame: those of the source at the turn's speed, or for a laugh the same bit over and over."""
        within = torch.arange(FRAME, device=self._device)
        elapsed = (since * FRAME).float()[..., None] + within
        left = (now[..., LENGTH] * FRAME).float()[..., None] - elapsed
        period = (now[..., PERIOD] * SAMPLE_RATE).float()[..., None]
        pulse = torch.where(period > 0, elapsed.remainder(period.clamp_min(1.0)), elapsed)
        offset = pulse * now[..., SPEED].float()[..., None]
        whole = offset.floor()
        share = offset - whole
        index = (now[..., SOURCE] * FRAME).long()[..., None] + whole.long()
        index = index.clamp_(0, len(self._pcm) - 2)
        samples = torch.lerp(self._pcm[index].float(), self._pcm[index + 1].float(), share) / 32768
        fade = (torch.minimum(elapsed, left) / FADE_SAMPLES).clamp(0.0, 1.0)
        place = pulse / period.clamp_min(1.0) / VOICED_SHARE
        laugh = torch.sin(torch.pi * place.clamp(0.0, 1.0)) * torch.exp(-elapsed / (0.7 * SAMPLE_RATE))
        envelope = torch.where(period > 0, laugh, fade)
        return (samples * envelope * gain[..., None]).flatten(2)
