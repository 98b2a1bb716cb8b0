"""The prepared speech: where each variant of each file lies, who speaks in it, and what the teacher makes of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16000
UNLABELLED = "unlabelled"
"""Corpus whose files hold many voices each, without names."""


def pcm_file(work: Path, variant: int) -> Path:
    """One variant of all speech, int16 at 16 kHz, file after file."""
    return work / f"speech.{variant:02}.i16"


def teacher_file(work: Path, variant: int) -> Path:
    """The teacher's embeddings of one variant of all speech."""
    return work / f"teacher.{variant:02}.npz"


@dataclass(frozen=True, slots=True)
class Recording:
    """One variant of one file.

    ``start`` and ``length`` are samples of that variant's PCM; ``speaker`` is -1 without a name.
    """

    name: str
    corpus: str
    variant: int
    start: int
    length: int
    speaker: int


@dataclass(frozen=True, slots=True)
class Corpus:
    """All recordings and their PCM, one array for each variant; ``speakers`` counts each variant of a speaker by itself."""

    recordings: list[Recording]
    pcm: list[NDArray[np.int16]]
    speakers: int


def read_corpus(work: Path) -> Corpus:
    """What ``prepare.py`` left in ``work``."""
    index = json.loads((work / "index.json").read_text(encoding="utf-8"))
    recordings: list[Recording] = []
    speakers = 0
    variants = len(index["samples"][0])
    for variant in range(variants):
        start = 0
        for name, lengths in zip(index["files"], index["samples"], strict=True):
            corpus = name.rpartition("_")[0]
            named = corpus != UNLABELLED
            recordings.append(Recording(name, corpus, variant, start, lengths[variant], speakers if named else -1))
            speakers += named
            start += lengths[variant]
    pcm: list[NDArray[np.int16]] = [np.memmap(pcm_file(work, variant), dtype=np.int16, mode="r") for variant in range(variants)]
    return Corpus(recordings, pcm, speakers)
