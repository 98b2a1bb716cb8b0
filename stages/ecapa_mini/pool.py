"""The voices to train on, on the device that trains: their PCM, and where each belongs."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from corpus import Corpus, Integers, speech_file, teacher_file, voices_file
from targets import Projection, fit_projection, targets_and_centres
from teach import embed_voices, make_voices
from teachers import CamPlusPlus, JaNet, Resemblyzer, all_teachers
from torch import Tensor, nn

DIMENSIONS = (CamPlusPlus.dimension, JaNet.dimension, Resemblyzer.dimension)


class VoicePool:
    """Variants of all speech, added one by one.

    On a CPU, PCM is mapped from what ``teach.py`` wrote. On a GPU it is made there, as are the teachers' embeddings unless they
    have been written before.

    ``pcm``: int16, of all variants; ``targets``: of all blocks, shape ``(blocks, d)``; ``centres``: of all speakers, variant after
    variant, shape ``(variants * people, d)``; ``variants``: how many of them have been filled in.
    """

    def __init__(self, work: Path, corpus: Corpus, device: torch.device, dimension: int) -> None:
        self.corpus = corpus
        self.device = device
        self.variants = 0
        self._work = work
        self._dimension = dimension
        samples = corpus.span(corpus.variants - 1).stop
        if device.type == "cpu":
            self.pcm = torch.from_file(str(voices_file(work)), shared=True, size=samples, dtype=torch.int16)
        else:
            self.pcm = torch.empty(samples, dtype=torch.int16, device=device)
        blocks = corpus.block_span(corpus.variants - 1).stop
        self.targets = torch.zeros(blocks, dimension, dtype=torch.float16, device=device)
        self.centres = torch.zeros(corpus.variants * corpus.people, dimension, device=device)
        self._projection: Projection | None = None

    def fill(self, first: int, projection_file: Path) -> None:
        """Takes in the first variants, and fits the projection to them unless ``projection_file`` has it."""
        raw = [self._teach(variant) for variant in range(first)]
        if projection_file.exists():
            self._projection = Projection.load(projection_file, self.device)
        else:
            speakers = torch.cat([self._block_speakers(variant, variant) for variant in range(first)])
            self._projection = fit_projection(torch.cat(raw), speakers, DIMENSIONS, self._dimension)
            self._projection.save(projection_file)
        for variant, embeddings in enumerate(raw):
            self._place(variant, embeddings)
        self.variants = first

    def add(self) -> None:
        """Takes in one variant more."""
        self._place(self.variants, self._teach(self.variants))
        self.variants += 1

    def available(self) -> int:
        """Variants that can be had now."""
        if self.device.type == "cuda":
            return self.corpus.variants
        there = [teacher_file(self._work, variant).exists() for variant in range(self.corpus.variants)]
        return there.index(False) if False in there else len(there)

    def on_device(self, numbers: Integers) -> Tensor:
        """An array of the corpus as a tensor."""
        return torch.from_numpy(numbers).to(self.device)

    @cached_property
    def _teachers(self) -> list[nn.Module]:
        return [teacher.to(self.device) for teacher in all_teachers()]

    @cached_property
    def _speech(self) -> Tensor:
        return torch.from_numpy(np.fromfile(speech_file(self._work), np.int16)).to(self.device)

    def _teach(self, variant: int) -> Tensor:
        """What the teachers say of each block of one variant."""
        file = teacher_file(self._work, variant)
        if self.device.type == "cuda":
            make_voices(self.corpus, self._speech, variant, self.pcm[self.corpus.span(variant)])
        if not file.exists():
            embeddings = embed_voices(self.corpus, variant, self.pcm[self.corpus.span(variant)], self._teachers)
            np.save(file, embeddings.cpu().numpy())
        return torch.from_numpy(np.load(file)).to(self.device)

    def _place(self, variant: int, embeddings: Tensor) -> None:
        if self._projection is None:
            raise RuntimeError("fill() comes before add()")
        people = self.corpus.people
        targets, centres = targets_and_centres(self._projection(embeddings), self._block_speakers(variant), people)
        self.targets[self.corpus.block_span(variant)] = targets.half()
        self.centres[variant * people : (variant + 1) * people] = centres

    def _block_speakers(self, variant: int, shift: int = 0) -> Tensor:
        """Speaker of each block of one variant, numbered from ``shift`` times all people."""
        speakers = self.on_device(self.corpus.speakers[self.corpus.block_files(variant)])
        return torch.where(speakers < 0, speakers, speakers + shift * self.corpus.people)
