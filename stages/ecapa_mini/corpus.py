"""The prepared speech: which files there are, in which voices they are heard, and where each of them lies in the PCM."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from voices import AS_IT_IS, Voice, draw_voice, length_in_voice

SAMPLE_RATE = 16000
UNLABELLED = "unlabelled"
"""Corpus whose files hold many voices each, without names."""
BLOCK = 61440
"""Samples that the teachers hear at once: 3.84 s, two windows of JaNet's."""

Integers = NDArray[np.int64]


def speech_file(work: Path) -> Path:
    """All speech as it is, int16 at 16 kHz, file after file."""
    return work / "speech.i16"


def voices_file(work: Path) -> Path:
    """All variants of all speech, variant after variant, the first as it is."""
    return work / "voices.i16"


def noise_file(work: Path) -> Path:
    """All noise, int16 at 16 kHz."""
    return work / "noise.i16"


def teacher_file(work: Path, variant: int) -> Path:
    """The teachers' embeddings of the blocks of one variant, float16, shape ``(blocks, d)``."""
    return work / f"teacher.{variant:02}.npy"


@dataclass(frozen=True)
class Corpus:
    """``files``: names without ending, sorted; ``samples``: of each as it is; ``variants``: voices in which each is heard."""

    files: list[str]
    samples: list[int]
    variants: int

    @cached_property
    def corpora(self) -> list[str]:
        """Corpus of each file; files of one corpus are neighbours."""
        return [name.rpartition("_")[0] for name in self.files]

    @cached_property
    def speakers(self) -> Integers:
        """Number of each file's speaker, -1 without a name."""
        named = np.array([corpus != UNLABELLED for corpus in self.corpora])
        return np.where(named, np.cumsum(named) - 1, -1)

    @cached_property
    def people(self) -> int:
        """Speakers with names, each counted once."""
        return int(self.speakers.max(initial=-1)) + 1

    @cached_property
    def voices(self) -> list[list[Voice]]:
        """Voice of each file in each variant; the same in every run."""
        others = self.variants - 1
        return [
            [AS_IT_IS if variant == 0 else draw_voice(np.random.default_rng((file, variant)), variant - 1, others)
             for file in range(len(self.files))]
            for variant in range(self.variants)
        ]  # fmt: skip

    @cached_property
    def lengths(self) -> Integers:
        """Samples of each file in each variant, shape ``(variants, files)``."""
        lengths = [
            [length_in_voice(samples, voice) for samples, voice in zip(self.samples, voices, strict=True)] for voices in self.voices
        ]
        return np.array(lengths, np.int64)

    @cached_property
    def starts(self) -> Integers:
        """Where in the PCM of all variants each file begins, shape ``(variants, files)``."""
        return _sums_before(self.lengths)

    @cached_property
    def blocks(self) -> Integers:
        """Blocks into which the teachers part each file, shape ``(variants, files)``."""
        return 1 + np.maximum(0, -(-(self.lengths - BLOCK) // BLOCK))

    @cached_property
    def first_blocks(self) -> Integers:
        """Number of each file's first block among those of all variants, shape ``(variants, files)``."""
        return _sums_before(self.blocks)

    def span(self, variant: int) -> slice:
        """Part of one variant in the PCM of all."""
        return slice(int(self.starts[variant, 0]), int(self.starts[variant, -1] + self.lengths[variant, -1]))

    def block_span(self, variant: int) -> slice:
        """Part of one variant in the blocks of all."""
        return slice(int(self.first_blocks[variant, 0]), int(self.first_blocks[variant, -1] + self.blocks[variant, -1]))

    def block_files(self, variant: int) -> Integers:
        """File of each block of one variant."""
        return np.repeat(np.arange(len(self.files)), self.blocks[variant])

    def block_starts(self, variant: int) -> Integers:
        """Where each block of one variant begins within its file: spread evenly, the last one ends with the file."""
        files = self.block_files(variant)
        number = np.arange(len(files)) - (self.first_blocks[variant] - self.first_blocks[variant, 0])[files]
        room = np.maximum(0, self.lengths[variant] - BLOCK)[files]
        starts: Integers = number * room // np.maximum(1, self.blocks[variant][files] - 1)
        return starts


def read_corpus(work: Path) -> Corpus:
    """What ``prepare.py`` left in ``work``."""
    return Corpus(**json.loads((work / "index.json").read_text(encoding="utf-8")))


def _sums_before(counts: Integers) -> Integers:
    before: Integers = np.cumsum(counts) - counts.ravel()
    return before.reshape(counts.shape)
