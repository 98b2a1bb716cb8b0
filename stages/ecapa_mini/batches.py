"""Batches of crops: who speaks in them, and what the embedding of each ought to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from corpus import BLOCK, SAMPLE_RATE, UNLABELLED
from pool import VoicePool
from torch import Tensor

CORPUS_SHARES = {
    "commonvoice": 0.48,
    "librispeech": 0.24,
    "speechocean762": 0.08,
    UNLABELLED: 0.06,
    "speech-commands": 0.04,
    "arabic-commands": 0.03,
    "dspspeech": 0.04,
    "alphanumeric": 0.03,
}
"""How many of the groups come from each corpus; a corpus not named here gets as much as the smallest of these."""

CROP_SECONDS = ((0.6, 0.1), (1.0, 0.2), (1.5, 0.4), (2.0, 0.15), (3.0, 0.15))
"""Lengths of crops and how often each is drawn; all crops of a batch are of one length."""

VOICES_IN_GROUP = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class Batch:
    """``voices``: clean samples, shape ``(n, samples)``; ``targets``: shape ``(n, d)``.

    ``people``: number of the speaker, -1 without a name, shape ``(n,)``; ``variants``: in which voice, shape ``(n,)``.
    """

    voices: Tensor
    people: Tensor
    variants: Tensor
    targets: Tensor


class BatchSource:
    """Draws batches without end, all on the pool's device and from PyTorch's generator there.

    Neighbours in groups of ``group`` come from one corpus in one variant, from one, two or four voices. ``seed``: of the lengths,
    the same in every process, so that none waits for another.
    """

    def __init__(self, pool: VoicePool, *, size: int, group: int, seed: Sequence[int]) -> None:
        self._pool = pool
        self._groups = size // group
        self._group = group
        self._random = np.random.default_rng(seed)
        corpus, device = pool.corpus, pool.device
        weights = np.cumsum(np.sqrt(corpus.samples))
        names = sorted(set(corpus.corpora))
        first = [corpus.corpora.index(name) for name in names]
        last = [first + corpus.corpora.count(name) - 1 for first, name in zip(first, names, strict=True)]
        before = np.concatenate([[0.0], weights])
        self._weights = torch.from_numpy(weights).to(device)
        self._low = torch.from_numpy(before[first]).to(device)
        self._high = torch.from_numpy(weights[last]).to(device)
        self._last = pool.on_device(np.array(last, np.int64))
        shares = [CORPUS_SHARES.get(name, min(CORPUS_SHARES.values())) for name in names]
        self._shares = torch.tensor(shares, device=device)
        self._different = torch.tensor(VOICES_IN_GROUP, device=device)
        self._lengths = pool.on_device(corpus.lengths)
        self._starts = pool.on_device(corpus.starts)
        self._blocks = pool.on_device(corpus.blocks)
        self._first_blocks = pool.on_device(corpus.first_blocks)
        self._people = pool.on_device(corpus.speakers)

    def draw(self) -> Batch:
        """The next batch."""
        seconds = self._random.choice([length for length, _ in CROP_SECONDS], p=[share for _, share in CROP_SECONDS])
        samples = int(seconds * SAMPLE_RATE)
        files, variants = self._draw_voices()
        length, device = self._lengths[variants, files], self._pool.device
        start = (torch.rand(len(files), device=device, dtype=torch.float64) * (length - samples + 1).clamp_min(1)).long()
        offsets = torch.arange(samples, device=device)
        positions = self._starts[variants, files][:, None] + (start[:, None] + offsets) % length[:, None]
        voices = self._pool.pcm[positions].float() / 32768
        blocks = self._blocks[variants, files]
        middle = (start + (samples - BLOCK) // 2).clamp_min(0)
        block = (middle * (blocks - 1) / (length - BLOCK).clamp_min(1)).round().long()
        targets = self._pool.targets[self._first_blocks[variants, files] + torch.minimum(block, blocks - 1)]
        return Batch(voices, self._people[files], variants, targets.float())

    def _draw_voices(self) -> tuple[Tensor, Tensor]:
        """Files and their variants, shape ``(n,)`` each."""
        device, groups = self._pool.device, self._groups
        corpora = torch.multinomial(self._shares, groups, replacement=True)
        low, high = self._low[corpora, None], self._high[corpora, None]
        at = low + (high - low) * torch.rand(groups, self._group, device=device, dtype=torch.float64)
        files = torch.minimum(torch.searchsorted(self._weights, at, right=True), self._last[corpora, None])
        different = self._different[torch.randint(len(VOICES_IN_GROUP), (groups, 1), device=device)]
        files = files.gather(1, torch.arange(self._group, device=device) % different)
        variants = torch.randint(self._pool.variants, (groups,), device=device)
        return files.flatten(), variants.repeat_interleave(self._group)
