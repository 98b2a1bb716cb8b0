"""The prepared speech: where each file of each speed lies, who speaks in it, and what the teacher makes of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16000
UNLABELLED = "unlabelled"
"""Corpus whose files hold many voices each, without names."""


def speed_name(speed: float) -> str:
    """A speed as part of a file's name."""
    return f"{speed:.2f}"


def pcm_file(work: Path, speed: float) -> Path:
    """All speech at one speed, int16 at 16 kHz, file after file."""
    return work / f"speech.{speed_name(speed)}.i16"


def teacher_file(work: Path, speed: float) -> Path:
    """The teacher's embeddings of all speech at one speed."""
    return work / f"teacher.{speed_name(speed)}.npz"


@dataclass(frozen=True, slots=True)
class Recording:
    """One file at one speed: ``start`` and ``length`` are samples of that speed's PCM; ``speaker`` is -1 without a name."""

    name: str
    corpus: str
    speed: int
    start: int
    length: int
    speaker: int


@dataclass(frozen=True, slots=True)
class Corpus:
    """All recordings and their PCM, one array for each of ``speeds``; ``speakers`` counts each speed of a voice by itself."""

    speeds: list[float]

    recordings: list[Recording]
    pcm: list[NDArray[np.int16]]
    speakers: int


def read_corpus(work: Path) -> Corpus:
    """What ``prepare.py`` left in ``work``."""
    index = json.loads((work / "index.json").read_text(encoding="utf-8"))
    recordings: list[Recording] = []
    speakers = 0
    for speed in range(len(index["speeds"])):
        start = 0
        for name, lengths in zip(index["files"], index["samples"], strict=True):
            corpus = name.rpartition("_")[0]
            named = corpus != UNLABELLED
            recordings.append(Recording(name, corpus, speed, start, lengths[speed], speakers if named else -1))
            speakers += named
            start += lengths[speed]
    pcm: list[NDArray[np.int16]] = [np.memmap(pcm_file(work, speed), dtype=np.int16, mode="r") for speed in index["speeds"]]
    return Corpus(index["speeds"], recordings, pcm, speakers)
