"""Offline search for the likeliest grouping of all evidence into voices: KMeans proposes, likelihood judges, Viterbi refines."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.assigning.arrays import Floats, Labels, Vectors, unit_length
from speaker_tracker_stages.kmeans_assigner.known_places import NOBODY_KNOWN, KnownPlaces
from speaker_tracker_stages.kmeans_assigner.likelihood import EVIDENCE_FLOOR, VoiceLikelihood
from speaker_tracker_stages.kmeans_assigner.observations import Observations
from speaker_tracker_stages.kmeans_assigner.penalties import MAX_UNTRACKED, SPARE_SLOTS, Penalties
from speaker_tracker_stages.kmeans_assigner.viterbi import best_path

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

REFINED, FINAL_REFINED = 2, 12
"""Number of the best proposals that are refined, in mid-session and at the end."""
KMEANS_STARTS, FINAL_KMEANS_STARTS = 2, 12
"""Number of KMeans runs with each number of voices, in mid-session and at the end."""
MAX_REFINEMENTS = 8
"""Maximum rounds of refinement of one proposal."""
MERGE_LOG_ODDS = 20.0
"""Log-odds beyond which voices that were told apart so far are merged in mid-session; at the end, and in proposals, it is 0."""
MIN_IMPROVEMENT = 3.0
"""Minimum growth of the penalized log-likelihood for another grouping to replace the current one in mid-session."""


class VoiceClustering:
    """Search for the grouping with the highest penalized likelihood; ``num_speakers`` voices are tracked."""

    def __init__(
        self, likelihood: VoiceLikelihood, penalties: Penalties, num_speakers: int, known: KnownPlaces | None = None
    ) -> None:
        self._likelihood, self._penalties, self._num_speakers = likelihood, penalties, num_speakers
        self._known = known

    def find(self, observed: Observations, current: Labels, *, final: bool = False) -> Labels | None:
        """The voice of each item, shape ``(n,)``, numbered from 0 in order of first appearance.

        ``current``: the grouping so far, shape ``(n,)``, in any numbers. None where nothing is clearly better. ``final``: search
        more, and answer with the best grouping in any case.
        """
        current = _renumbered(current)
        heard = len(current) - observed.lookahead
        merged = self._merged(observed, current, MERGE_LOG_ODDS)
        proposals = [merged, np.zeros(len(current), dtype=np.intp)]
        vectors = unit_length(observed.vectors)
        known = max(self._num_speakers, int(current.max()) + 1)
        for count in range(2, min(known + SPARE_SLOTS, self._num_speakers + MAX_UNTRACKED, heard // 2) + 1):
            for seed in range(FINAL_KMEANS_STARTS if final else KMEANS_STARTS):
                labels = _kmeans(vectors, observed.evidence, count, seed)
                labels[heard:] = labels[heard - 1]
                proposals.append(self._merged(observed, _renumbered(labels)))
        proposals.sort(key=lambda labels: -self.score(observed, labels))
        refined = [self._refined(observed, labels) for labels in proposals[: FINAL_REFINED if final else REFINED]]
        best = max([*refined, proposals[0]], key=lambda labels: self.score(observed, labels))
        was_split = int(merged.max()) < int(current.max())
        is_better = was_split or self.score(observed, best) > self.score(observed, current) + MIN_IMPROVEMENT
        return best if final or is_better else None

    def score(self, observed: Observations, labels: Labels) -> float:
        """Log marginal likelihood of a grouping less the penalties of its voices and changes."""
        count = int(labels.max()) + 1
        voices = observed.statistics(labels)
        ordered = labels[observed.groups :]
        changes = ordered[1:] != ordered[:-1]
        of_changes = self._penalties.of_changes(observed.overlap.after_pause[1:], observed.changes[1:])
        penalty = (
            float(of_changes[changes].sum())
            + math.log(max(1, count - 1)) * float(changes.sum())
            + (count - 1) * self._penalties.new_voice
        )
        untracked = self._untracked(observed, labels)
        penalty += self._penalties.untracked * float(untracked.sum() + voices.evidence[untracked].sum())
        gain = 0.0 if self._known is None else self._known.gain(voices)
        return self._likelihood.marginal(voices) + gain - penalty

    def _merged(self, observed: Observations, labels: Labels, threshold: float = 0.0) -> Labels:
        """Merges the two voices with the highest merge log-odds, again and again as long as these are above ``threshold``.

        Goes on to a single voice if all that is left may be one person on several channels, with nobody else there.
        """
        if self._num_speakers == 1:
            return self._merged_while(observed, labels, threshold, alone=True)
        labels = self._merged_while(observed, labels, threshold, alone=False)
        one = self._merged_while(observed, labels, threshold, alone=True)
        return labels if one.any() else one

    def _merged_while(self, observed: Observations, labels: Labels, threshold: float, *, alone: bool) -> Labels:
        while (count := int(labels.max()) + 1) > 1:
            voices = observed.statistics(labels)
            inverse = np.linalg.inv(voices.evidence + EVIDENCE_FLOOR * np.eye(count)).astype(np.float64)
            log_odds = self._likelihood.merge_log_odds(voices.sums @ voices.sums.T, inverse, alone=alone)
            log_odds = np.where(np.tri(count, k=-1, dtype=bool), log_odds, -np.inf)
            if self._known is not None and log_odds.max() > threshold:
                known = self._known.of_voices(voices) != NOBODY_KNOWN
                log_odds[known[:, np.newaxis] & known] = -np.inf
            later, earlier = np.unravel_index(int(log_odds.argmax()), log_odds.shape)
            if log_odds[later, earlier] <= threshold:
                break
            labels = _renumbered(np.where(labels == later, earlier, labels))
        return labels

    def _untracked(self, observed: Observations, labels: Labels) -> NDArray[np.bool_]:
        """Which voices are beyond ``num_speakers``, shape ``(k,)``: those first heard after the others, as ids are given."""
        untracked = np.zeros(int(labels.max()) + 1, dtype=bool)
        if len(untracked) > self._num_speakers:
            untracked[np.argsort(observed.order.first_heard(labels), kind="stable")[self._num_speakers :]] = True
        return untracked

    def _refined(self, observed: Observations, labels: Labels) -> Labels:
        """Alternates between the positions of voices and the best path given these (Viterbi training); answers with the best."""
        best, best_score = labels, self.score(observed, labels)
        for _ in range(MAX_REFINEMENTS):
            better = self._merged(observed, _renumbered(self._reassigned(observed, labels)))
            if (better == labels).all():
                break
            labels = better
            score = self.score(observed, labels)
            if score > best_score:
                best, best_score = labels, score
        return best

    def _reassigned(self, observed: Observations, labels: Labels) -> Labels:
        """The voice of each item given the posterior means of the voices' positions, whose uncertainty is left out."""
        voices = observed.statistics(labels)
        positions = self._likelihood.positions(voices if self._known is None else self._known.with_prints(voices))
        squares = np.square(positions).sum(axis=1)
        weights = 0.5 * self._likelihood.dimension / self._likelihood.within * observed.evidence
        scores = weights[:, np.newaxis] * (2 * observed.vectors @ positions.T - squares)
        scores -= self._penalties.untracked * observed.evidence[:, np.newaxis] * self._untracked(observed, labels)
        distances = squares[:, np.newaxis] + squares - 2 * positions @ positions.T
        choice = math.log(max(1, len(positions) - 1))
        path = best_path(
            scores[observed.groups :],
            distances,
            weights[observed.groups :],
            observed.overlap,
            self._penalties.of_changes(observed.overlap.after_pause, observed.changes) + choice,
        )
        return np.concatenate([scores[: observed.groups].argmax(axis=1), path])


def _renumbered(labels: NDArray[np.integer]) -> Labels:
    """The same grouping with numbers from 0, in order of first appearance."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.intp)


def _kmeans(vectors: Vectors, evidence: Floats, count: int, seed: int) -> NDArray[np.integer]:
    from sklearn.cluster import KMeans  # noqa: PLC0415 - heavy, only where the stage is used

    with _libraries().limit(limits=1, user_api="openmp"):
        fit = KMeans(count, n_init=1, random_state=seed).fit(vectors, sample_weight=evidence)
    labels: NDArray[np.integer] = fit.labels_
    return labels


@cache
def _libraries() -> ThreadpoolController:
    """The libraries whose threads are limited: sessions run side by side, and a clustering on all cores would hold them up.

    OpenMP keeps the number of threads for each calling thread, so sessions do not change it for each other.
    """
    import sklearn.cluster  # noqa: F401, PLC0415 - its libraries must be loaded to be found
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415

    return ThreadpoolController()
