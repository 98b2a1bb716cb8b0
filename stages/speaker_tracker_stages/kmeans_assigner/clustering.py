"""Offline search for the likeliest grouping of all evidence into voices: KMeans proposes, likelihood judges, Viterbi refines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.assigning.arrays import Floats, Labels
from speaker_tracker_stages.kmeans_assigner.groupings import Groupings, Judge
from speaker_tracker_stages.kmeans_assigner.known_places import KnownPlaces
from speaker_tracker_stages.kmeans_assigner.likelihood import VoiceLikelihood
from speaker_tracker_stages.kmeans_assigner.observations import Observations
from speaker_tracker_stages.kmeans_assigner.penalties import MAX_UNTRACKED, SPARE_SLOTS, Penalties
from speaker_tracker_stages.kmeans_assigner.proposals import kmeans_proposals
from speaker_tracker_stages.kmeans_assigner.viterbi import best_paths

REFINED, FINAL_REFINED = 2, 12
"""Number of the best proposals that are refined, in mid-session and at the end."""
KMEANS_STARTS, FINAL_KMEANS_STARTS = 1, 6
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
        judge = Judge(observed, self._likelihood, self._penalties, self._num_speakers, self._known)
        so_far = Groupings.of(observed, current[np.newaxis])
        proposed = self._proposals(observed, so_far.labels[0], final=final)
        merged = judge.merged(Groupings.of(observed, proposed), np.where(np.arange(len(proposed)) == 0, MERGE_LOG_ODDS, 0.0))
        scores = judge.scores(merged)
        was_split = int(merged.counts[0]) < int(so_far.counts[0])
        order = np.argsort(-scores, kind="stable")
        best, best_score = merged.labels[order[0]], float(scores[order[0]])
        # Proposals that are the same by now are refined once.
        promising = {merged.labels[row].tobytes(): row for row in order[: FINAL_REFINED if final else REFINED].tolist()}
        for labels, score in self._refined(observed, judge, merged, scores, np.array([*promising.values()])):
            if score > best_score:
                best, best_score = labels, score
        is_better = final or was_split or best_score > float(judge.scores(so_far)[0]) + MIN_IMPROVEMENT
        return best if is_better else None

    def _proposals(self, observed: Observations, current: Labels, *, final: bool) -> Labels:
        """The current grouping, one voice alone, and what KMeans finds, shape ``(p, n)``."""
        known = max(self._num_speakers, int(current.max()) + 1)
        most = min(known + SPARE_SLOTS, self._num_speakers + MAX_UNTRACKED, (len(current) - observed.lookahead) // 2)
        found = kmeans_proposals(observed, current, most, FINAL_KMEANS_STARTS if final else KMEANS_STARTS)
        return np.stack([current, np.zeros_like(current), *found])

    def _refined(
        self, observed: Observations, judge: Judge, proposals: Groupings, scores: Floats, rows: NDArray[np.intp]
    ) -> list[tuple[Labels, float]]:
        """Alternates between the positions of voices and the best path given these (Viterbi training).

        Answers with the best grouping and its score, for each of these ``rows`` of the proposals.
        """
        groupings = proposals.taken(rows)
        best = [(proposals.labels[row], float(scores[row])) for row in rows]
        numbers = np.arange(len(rows))
        for _ in range(MAX_REFINEMENTS):
            better = judge.merged(Groupings.of(observed, self._reassigned(observed, judge, groupings)), np.zeros(len(numbers)))
            moved = np.flatnonzero((better.labels != groupings.labels).any(axis=1))
            if not len(moved):
                break
            groupings, numbers = better.taken(moved), numbers[moved]
            for number, labels, score in zip(numbers.tolist(), groupings.labels, judge.scores(groupings).tolist(), strict=True):
                if score > best[number][1]:
                    best[number] = labels, score
        return best

    def _reassigned(self, observed: Observations, judge: Judge, groupings: Groupings) -> Labels:
        """The voice of each item given the posterior means of the voices' positions, whose uncertainty is left out."""
        evidence, changes = observed.evidence, np.log(np.maximum(1, groupings.counts - 1))[:, np.newaxis]
        positions = self._positions(groupings)
        squares = np.square(positions).sum(axis=2)
        weights = 0.5 * self._likelihood.dimension / self._likelihood.within * evidence
        scores = 2 * (observed.exact_vectors @ positions.swapaxes(1, 2)) - squares[:, np.newaxis]
        scores *= weights[:, np.newaxis]
        scores -= self._penalties.untracked * evidence[:, np.newaxis] * judge.untracked(groupings)[:, np.newaxis]
        distances = squares[:, :, np.newaxis] + squares[:, np.newaxis] - 2 * positions @ positions.swapaxes(1, 2)
        absent = np.arange(positions.shape[1]) >= groupings.counts[:, np.newaxis]
        scores = np.where(absent[:, np.newaxis], -np.inf, scores)
        groups = observed.groups
        path = best_paths(scores[:, groups:], distances, weights[groups:], observed.overlap, judge.of_changes + changes)
        return np.concatenate([scores[:, :groups].argmax(axis=2), path], axis=1)

    def _positions(self, groupings: Groupings) -> Floats:
        if self._known is None:
            return self._likelihood.positions(groupings.voices)
        positions = np.zeros_like(groupings.voices.sums)
        for row, count in enumerate(groupings.counts.tolist()):
            positions[row, :count] = self._likelihood.positions(self._known.with_prints(groupings.voices_of(row)))
        return positions
