"""Batches of crops: who speaks in them, what they sound like, and what the embedding of each ought to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from corpus import SAMPLE_RATE, UNLABELLED, Corpus
from numpy.typing import NDArray
from targets import Targets
from torch import Tensor

CORPUS_SHARES = {
    "librispeech": 0.44,
    "speechocean762": 0.2,
    "dspspeech": 0.1,
    "arabic-commands": 0.1,
    "speech-commands": 0.1,
    UNLABELLED: 0.06,
}
"""How many of the groups come from each corpus; a corpus not named here gets as much as the smallest of these."""

CROP_SECONDS = ((0.7, 0.15), (1.0, 0.2), (1.5, 0.4), (2.0, 0.15), (3.0, 0.1))
"""Lengths of crops and how often each is drawn; all crops of a batch are of one length."""

VOICES_IN_GROUP = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class Batch:
    """``voices``: clean samples, shape ``(n, samples)``; ``speakers``: shape ``(n,)``; ``targets``: shape ``(n, d)``."""

    voices: Tensor
    speakers: Tensor
    targets: Tensor


class BatchSource:
    """Draws batches without end.

    Neighbours in groups of ``group`` come from one corpus in one variant, from one, two or four voices.
    """

    def __init__(  # noqa: PLR0913 - what a batch is made of
        self, corpus: Corpus, targets: Targets, *, size: int, group: int, rank: int, seed: Sequence[int]
    ) -> None:
        self._corpus = corpus
        self._targets = targets
        self._groups = size // group
        self._group = group
        self._lengths = np.random.default_rng(seed)  # the same in every process, so that none waits for another
        self._random = np.random.default_rng((*seed, rank))
        members: dict[tuple[str, int], list[int]] = {}
        for index, recording in enumerate(corpus.recordings):
            members.setdefault((recording.corpus, recording.variant), []).append(index)
        self._members = members
        self._choices: dict[tuple[str, int], NDArray[np.float64]] = {}
        for key, indices in members.items():
            weights = np.sqrt([corpus.recordings[index].length for index in indices])
            self._choices[key] = weights / weights.sum()
        keys = sorted(members)
        shares = np.array([CORPUS_SHARES.get(name, min(CORPUS_SHARES.values())) for name, _ in keys])
        self._keys = keys
        self._shares = shares / shares.sum()

    def draw(self) -> Batch:
        """The next batch."""
        seconds = self._lengths.choice([length for length, _ in CROP_SECONDS], p=[share for _, share in CROP_SECONDS])
        samples = int(seconds * SAMPLE_RATE)
        voices, speakers, targets = [], [], []
        for _ in range(self._groups):
            key = self._keys[self._random.choice(len(self._keys), p=self._shares)]
            members, weights = self._members[key], self._choices[key]
            different = min(int(self._random.choice(VOICES_IN_GROUP)), len(members))
            chosen = self._random.choice(members, different, replace=False, p=weights)
            for position in range(self._group):
                index = int(chosen[position % different])
                recording = self._corpus.recordings[index]
                start = int(self._random.integers(0, max(1, recording.length - samples)))
                at = recording.start + start
                pcm = self._corpus.pcm[recording.variant][at : at + min(samples, recording.length)]
                voices.append(np.resize(pcm, samples))
                speakers.append(recording.speaker)
                targets.append(self._targets.of(index, start, samples))
        return Batch(
            torch.from_numpy(np.stack(voices)).float() / 32768, torch.tensor(speakers), torch.from_numpy(np.stack(targets))
        )
