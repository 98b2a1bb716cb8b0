"""Where in the space of embeddings each crop belongs, after the teacher."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from corpus import Corpus, teacher_file
from numpy.typing import NDArray
from teach import WINDOW

OWN_SHARE = 0.4
"""How much of a crop's target is what the teacher hears there; the rest is what it hears of the speaker on average."""


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of unit length."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True).clip(1e-9)
    return np.asarray(vectors / length, np.float32)


class Targets:
    """What the teacher says, less its mean over all speakers, with what varies within a speaker counting less.

    ``taught`` is false where ``teach.py`` was not run: then speakers are given places at random, which say nothing of a crop.
    ``centres``: of every speaker, of unit length, shape ``(speakers, d)``.
    """

    def __init__(self, work: Path, corpus: Corpus, dimension: int) -> None:
        self._speaker_of = np.array([recording.speaker for recording in corpus.recordings])
        self.taught = all(teacher_file(work, variant).exists() for variant in range(len(corpus.pcm)))
        if not self.taught:
            random = np.random.default_rng(0).standard_normal((corpus.speakers, dimension))
            self.centres = unit(random.astype(np.float32))
            return
        recordings, self._start, raw = _stored(work, len(corpus.pcm))
        if raw.shape[1] != dimension:
            raise SystemExit(f"the teacher's embeddings have {raw.shape[1]} values; set lin_neurons to as many, not {dimension}")
        self._bounds = np.searchsorted(recordings, np.arange(len(corpus.recordings) + 1))
        speakers = self._speaker_of[recordings]
        mean, transform = shrink_within_speaker(raw, speakers)
        self._vectors = unit(np.asarray((raw - mean) @ transform, np.float32))
        known = speakers >= 0
        centres = np.zeros((corpus.speakers, dimension), np.float32)
        np.add.at(centres, speakers[known], self._vectors[known])
        self.centres = unit(centres)

    def of(self, recording: int, start: int, samples: int) -> NDArray[np.float32]:
        """Target of a crop, of unit length: ``start`` and ``samples`` as in the recording's PCM."""
        speaker = int(self._speaker_of[recording])
        if not self.taught:
            return np.asarray(self.centres[speaker])
        low, high = self._bounds[recording], self._bounds[recording + 1]
        starts = self._start[low:high]
        overlap = np.minimum(starts + WINDOW, start + samples) - np.maximum(starts, start)
        weights = np.where(overlap >= 0.6 * min(samples, WINDOW), overlap, 0).astype(np.float32)
        if not weights.any():
            weights[np.argmax(overlap)] = 1.0
        own = unit(weights @ self._vectors[low:high])
        return own if speaker < 0 else unit(OWN_SHARE * own + (1 - OWN_SHARE) * self.centres[speaker])


def _stored(work: Path, variants: int) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Recording, start and embedding of every window, in the order of recordings and starts."""
    recordings, starts, embeddings = [], [], []
    for variant in range(variants):
        with np.load(teacher_file(work, variant)) as stored:
            recordings.append(stored["recording"])
            starts.append(stored["start"])
            embeddings.append(stored["embedding"].astype(np.float32))
    recording, start = np.concatenate(recordings), np.concatenate(starts)
    order = np.lexsort((start, recording))
    return recording[order], start[order], np.concatenate(embeddings)[order]


def shrink_within_speaker(
    embeddings: NDArray[np.float32], speakers: NDArray[np.int64], strength: float = 0.5
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean, shape ``(d,)``, and map, shape ``(d, d)``, after which directions in which a speaker varies count less.

    Within-class covariance normalization (Hatch et al., Interspeech 2006), its power lessened from 1 to ``strength``.
    """
    known = speakers >= 0
    embeddings, speakers = embeddings[known], speakers[known]
    count = np.bincount(speakers).clip(1)
    means = np.zeros((len(count), embeddings.shape[1]), np.float64)
    np.add.at(means, speakers, embeddings)
    means /= count[:, None]
    within = embeddings - means[speakers]
    covariance = (within / count[speakers, None]).T @ within / len(count)
    values, vectors = np.linalg.eigh(covariance)
    values = values.clip(1e-3 * values.max())
    transform = vectors @ np.diag(values ** (-strength / 2)) @ vectors.T
    return means[count > 0].mean(axis=0).astype(np.float32), transform.astype(np.float32)
