"""How many voices there are and which window is whose: KMeans on unit-length embeddings, judged and refined by likelihood."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.best_path import best_path
from speaker_tracker_stages.hypotheses import BEYOND
from speaker_tracker_stages.voice_likelihood import Numbers, Prices, Vectors, VoiceLikelihood, Voices

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Labels = NDArray[np.intp]

REFINED, FINAL_REFINED = 2, 8
"""How many of the best groupings are refined."""
STARTS, FINAL_STARTS = 2, 6
"""How often KMeans begins anew with each number of voices."""
ROUNDS = 8
PLAINLY = 3.0
"""By how much the logarithm of the likelihood must grow for voices to be told apart in another way in mid-session."""


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """What is clustered: unit vectors, shape ``(n, d)``, and the evidence and the seconds of speech of each, shape ``(n,)``.

    The first ``loose`` ones are in no order, the others one after the other.
    """

    vectors: Vectors
    evidence: Numbers
    seconds: Numbers
    loose: int


def unit(vectors: NDArray[np.floating]) -> Vectors:
    """``vectors`` brought to length 1 along the last axis; those of length 0 stay."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


class VoiceClustering:
    """Finds the likeliest grouping of items into voices. ``num_speakers``: how many voices are tracked; more cost a price each."""

    def __init__(self, likelihood: VoiceLikelihood, prices: Prices, num_speakers: int) -> None:
        self._likelihood, self._prices, self._num_speakers = likelihood, prices, num_speakers

    def find(self, items: Items, current: Labels, *, final: bool = False) -> Labels | None:
        """The voice of each item, shape ``(n,)``, numbered from 0 in order of first appearance.

        ``current``: the grouping so far, shape ``(n,)``, of any numbers. None where nothing is plainly better than that. ``final``:
        try harder, and answer with the best in any case.
        """
        current = _numbered(current)
        candidates = [current, np.zeros(len(items.vectors), dtype=np.intp)]
        for count in range(2, min(self._num_speakers + BEYOND, len(items.vectors) // 2) + 1):
            seeds = range(FINAL_STARTS if final else STARTS)
            candidates += [_numbered(_kmeans(items, count, seed)) for seed in seeds]
        candidates.sort(key=lambda labels: -self.score(items, labels))
        refined = [self._refine(items, labels) for labels in candidates[: FINAL_REFINED if final else REFINED]]
        best = max([*refined, candidates[0]], key=lambda labels: self.score(items, labels))
        plainly_better = self.score(items, best) > self.score(items, current) + PLAINLY
        return best if final or plainly_better else None

    def score(self, items: Items, labels: Labels) -> float:
        """Log-likelihood of a grouping less the prices of its voices and changes."""
        count = int(labels.max()) + 1
        voices = Voices.of(items.vectors, items.evidence, labels, count)
        ordered = labels[items.loose :]
        changes = int((ordered[1:] != ordered[:-1]).sum())
        price = changes * (self._prices.change + math.log(max(1, count - 1))) + (count - 1) * self._prices.voice
        beyond = self._beyond(voices)
        price += self._prices.beyond * float(beyond.sum() + voices.evidence[beyond].sum())
        return self._likelihood.of_voices(voices) - price

    def _beyond(self, voices: Voices) -> NDArray[np.bool_]:
        """Which voices there are too many of: those heard least."""
        tracked = np.argsort(-voices.evidence)[: self._num_speakers]
        beyond = np.ones(len(voices.evidence), dtype=bool)
        beyond[tracked] = False
        return beyond

    def _refine(self, items: Items, labels: Labels) -> Labels:
        """Gives each item to the voice that the others of that voice make likeliest, again and again."""
        evidence = items.evidence[:, np.newaxis]
        for _ in range(ROUNDS):
            count = int(labels.max()) + 1
            voices = Voices.of(items.vectors, items.evidence, labels, count)
            own = evidence * (labels[:, np.newaxis] == np.arange(count))
            products = items.vectors @ voices.sums.T
            squares = np.square(voices.sums).sum(axis=1) - 2 * own * products + own**2
            without = (voices.evidence - own).clip(0.0)
            scores = self._likelihood.of_windows(products - own, squares, without, evidence)
            scores -= self._prices.beyond * evidence * self._beyond(voices)
            change = self._prices.change + math.log(max(1, count - 1))
            better = np.concatenate([scores[: items.loose].argmax(axis=1), best_path(scores[items.loose :], change)])
            if (better == labels).all():
                break
            labels = _numbered(better)
        return labels


def _numbered(labels: NDArray[np.integer]) -> Labels:
    """The same grouping with numbers from 0, in order of first appearance."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.intp)


def _kmeans(items: Items, count: int, seed: int) -> NDArray[np.integer]:
    from sklearn.cluster import KMeans  # noqa: PLC0415 - heavy, only where the stage is used

    with _libraries().limit(limits=1, user_api="openmp"):
        fit = KMeans(count, n_init=1, random_state=seed).fit(items.vectors, sample_weight=items.evidence)
    labels: NDArray[np.integer] = fit.labels_
    return labels


@cache
def _libraries() -> ThreadpoolController:
    """Sessions run side by side; a clustering that takes all cores for itself would only get in their way.

    How many threads OpenMP takes is a matter of each thread that asks for them, so sessions do not meet here.
    """
    import sklearn.cluster  # noqa: F401, PLC0415 - its libraries must be loaded to be found
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415

    return ThreadpoolController()
