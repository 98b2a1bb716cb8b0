"""How many voices there are and which stretch is whose: KMeans on unit-length embeddings, judged and refined by likelihood."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.best_path import best_path
from speaker_tracker_stages.hearing import Hearing
from speaker_tracker_stages.hypotheses import AFTER_PAUSE, BEYOND
from speaker_tracker_stages.voice_likelihood import HARDLY, Numbers, Prices, Vectors, VoiceLikelihood, Voices

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Labels = NDArray[np.intp]

REFINED, FINAL_REFINED = 2, 12
"""How many of the best groupings are refined."""
STARTS, FINAL_STARTS = 2, 12
"""How often KMeans begins anew with each number of voices."""
ROUNDS = 8
PLAINLY_ONE = 20.0
"""Log-odds from which on voices that were told apart are taken for one in mid-session."""
PLAINLY = 3.0
"""By how much the logarithm of the likelihood must grow for voices to be told apart in another way in mid-session."""


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """What is clustered.

    ``vectors``: mean embeddings, shape ``(n, d)``; ``evidence`` and ``seconds`` of speech of each, shape ``(n,)``. The first
    ``loose`` ones are in no order, the others one after the other, as ``hearing`` has them. The last ``ahead`` have no embedding
    yet: other windows have heard them.
    """

    vectors: Vectors
    evidence: Numbers
    seconds: Numbers
    loose: int
    hearing: Hearing
    ahead: int = 0

    def shares(self, labels: Labels) -> Numbers:
        """What part of each item is each voice, shape ``(n, k)``, where ``labels`` are the voices of the stretches."""
        own = np.eye(int(labels.max(initial=0)) + 1)[labels]
        own[self.loose :] = self.hearing.shares @ own[self.loose :]
        return own

    def voices(self, labels: Labels) -> Voices:
        """What is known of voices if ``labels`` are right."""
        return Voices.of(self.vectors, self.evidence, self.shares(labels))


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
        known = len(current) - items.ahead
        merged = self._merged(items, current, PLAINLY_ONE)
        candidates = [merged, np.zeros(len(current), dtype=np.intp)]
        vectors = unit(items.vectors)
        for count in range(2, min(self._num_speakers + BEYOND, known // 2) + 1):
            for seed in range(FINAL_STARTS if final else STARTS):
                labels = _kmeans(vectors, items.evidence, count, seed)
                labels[known:] = labels[known - 1]
                candidates.append(self._merged(items, _numbered(labels)))
        candidates.sort(key=lambda labels: -self.score(items, labels))
        refined = [self._refine(items, labels) for labels in candidates[: FINAL_REFINED if final else REFINED]]
        best = max([*refined, candidates[0]], key=lambda labels: self.score(items, labels))
        wrong = int(merged.max()) < int(current.max())
        plainly_better = wrong or self.score(items, best) > self.score(items, current) + PLAINLY
        return best if final or plainly_better else None

    def _merged(self, items: Items, labels: Labels, doubt: float = 0.0) -> Labels:
        """Takes groups for one voice, the likeliest first, as long as the log-odds of that are more than ``doubt``."""
        while (count := int(labels.max()) + 1) > 1:
            voices = items.voices(labels)
            inverse = np.linalg.inv(voices.evidence + HARDLY * np.eye(count)).astype(np.float64)
            odds = np.where(np.tri(count, k=-1, dtype=bool), self._likelihood.same(voices.sums @ voices.sums.T, inverse), -np.inf)
            later, earlier = np.unravel_index(int(odds.argmax()), odds.shape)
            if odds[later, earlier] <= doubt:
                break
            labels = _numbered(np.where(labels == later, earlier, labels))
        return labels

    def score(self, items: Items, labels: Labels) -> float:
        """Log-likelihood of a grouping less the prices of its voices and changes."""
        count = int(labels.max()) + 1
        voices = items.voices(labels)
        ordered = labels[items.loose :]
        changes = ordered[1:] != ordered[:-1]
        after_pause = changes & items.hearing.begins[1:]
        full = self._prices.change * (float(changes.sum()) - (1 - AFTER_PAUSE) * float(after_pause.sum()))
        price = full + math.log(max(1, count - 1)) * float(changes.sum()) + (count - 1) * self._prices.voice
        beyond = self._beyond(voices)
        price += self._prices.beyond * float(beyond.sum() + voices.evidence[beyond].sum())
        return self._likelihood.of_voices(voices) - price

    def _beyond(self, voices: Voices) -> NDArray[np.bool_]:
        """Which voices there are too many of: those heard least."""
        tracked = np.argsort(-voices.evidence.sum(axis=1))[: self._num_speakers]
        beyond = np.ones(len(voices.evidence), dtype=bool)
        beyond[tracked] = False
        return beyond

    def _refine(self, items: Items, labels: Labels) -> Labels:
        """Gives stretches to the voices that make what is heard likeliest, and learns of the voices from that, again and again."""
        best, best_score = labels, self.score(items, labels)
        for _ in range(ROUNDS):
            better = self._merged(items, _numbered(self._labels(items, items.voices(labels))))
            if (better == labels).all():
                break
            labels = better
            score = self.score(items, labels)
            if score > best_score:
                best, best_score = labels, score
        return best

    def _labels(self, items: Items, voices: Voices) -> Labels:
        places = self._likelihood.places(voices)
        squares = np.square(places).sum(axis=1)
        weights = 0.5 * self._likelihood.dimension / self._likelihood.within * items.evidence
        scores = weights[:, np.newaxis] * (2 * items.vectors @ places.T - squares)
        scores -= self._prices.beyond * items.evidence[:, np.newaxis] * self._beyond(voices)
        apart = squares[:, np.newaxis] + squares - 2 * places @ places.T
        another = math.log(max(1, len(places) - 1))
        path = best_path(
            scores[items.loose :],
            apart,
            weights[items.loose :],
            items.hearing,
            change=self._prices.change + another,
            pause=self._prices.change * AFTER_PAUSE + another,
        )
        return np.concatenate([scores[: items.loose].argmax(axis=1), path])


def _numbered(labels: NDArray[np.integer]) -> Labels:
    """The same grouping with numbers from 0, in order of first appearance."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.intp)


def _kmeans(vectors: Vectors, evidence: Numbers, count: int, seed: int) -> NDArray[np.integer]:
    from sklearn.cluster import KMeans  # noqa: PLC0415 - heavy, only where the stage is used

    with _libraries().limit(limits=1, user_api="openmp"):
        fit = KMeans(count, n_init=1, random_state=seed).fit(vectors, sample_weight=evidence)
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
