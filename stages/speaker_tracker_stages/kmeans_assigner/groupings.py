"""Groupings of the same evidence into voices, merged and scored side by side.

NumPy takes about as long for one small array as for several together, so what is done to all groupings is done at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.assigning.arrays import Floats, Labels
from speaker_tracker_stages.kmeans_assigner.known_places import NOBODY_KNOWN, KnownPlaces
from speaker_tracker_stages.kmeans_assigner.likelihood import EVIDENCE_FLOOR, VoiceLikelihood, VoiceStatistics
from speaker_tracker_stages.kmeans_assigner.observations import Observations
from speaker_tracker_stages.kmeans_assigner.penalties import Penalties


@dataclass(frozen=True, slots=True, eq=False)
class Groupings:
    """``p`` groupings of ``n`` items.

    ``labels``: the voice of each item, numbered from 0 in order of first appearance, shape ``(p, n)``. ``counts``: how many voices
    each grouping has, shape ``(p,)``. ``voices``: their statistics, shapes ``(p, k, d)`` and ``(p, k, k)``; those of voices that a
    grouping does not have are 0.
    """

    labels: Labels
    counts: NDArray[np.intp]
    voices: VoiceStatistics

    @classmethod
    def of(cls, observed: Observations, labels: NDArray[np.integer]) -> Groupings:
        """Groupings with ``labels`` in any numbers from 0, shape ``(p, n)``."""
        numbered, counts = renumbered(labels)
        return cls(numbered, counts, observed.statistics(numbered, int(counts.max())))

    def taken(self, rows: NDArray[np.intp]) -> Groupings:
        """These ``rows`` of the groupings."""
        counts = self.counts[rows]
        most = int(counts.max())
        voices = VoiceStatistics(self.voices.sums[rows, :most], self.voices.evidence[rows, :most, :most])
        return Groupings(self.labels[rows], counts, voices)

    def voices_of(self, row: int) -> VoiceStatistics:
        """Statistics of the voices of one grouping."""
        count = int(self.counts[row])
        return VoiceStatistics(self.voices.sums[row, :count], self.voices.evidence[row, :count, :count])


def renumbered(labels: NDArray[np.integer]) -> tuple[Labels, NDArray[np.intp]]:
    """The same groupings with numbers from 0, in order of first appearance, and how many there are.

    ``labels``: numbers from 0, shape ``(p, n)``. Answers with the shapes ``(p, n)`` and ``(p,)``.
    """
    rows = np.arange(len(labels))[:, np.newaxis]
    is_voice = labels[:, np.newaxis] == np.arange(int(labels.max()) + 1)[:, np.newaxis]
    heard = is_voice.any(axis=2)
    first = np.where(heard, is_voice.argmax(axis=2), labels.shape[1])
    numbers = np.empty_like(first)
    numbers[rows, first.argsort(axis=1, kind="stable")] = np.arange(first.shape[1])
    return numbers[rows, labels].astype(np.intp), heard.sum(axis=1)


class Judge:
    """Merges and scores groupings of ``observed``; ``num_speakers`` voices are tracked."""

    def __init__(
        self,
        observed: Observations,
        likelihood: VoiceLikelihood,
        penalties: Penalties,
        num_speakers: int,
        known: KnownPlaces | None = None,
    ) -> None:
        self._observed, self._likelihood, self._penalties = observed, likelihood, penalties
        self._num_speakers, self._known = num_speakers, known
        self.of_changes: Floats = penalties.of_changes(observed.overlap.after_pause, observed.changes)
        """Penalties of a change of voice at the beginning of each stretch, shape ``(n,)``, groups left out."""

    def scores(self, groupings: Groupings) -> Floats:
        """Log marginal likelihood of each less the penalties of its voices and changes, shape ``(p,)``."""
        ordered = groupings.labels[:, self._observed.groups :]
        changes = ordered[:, 1:] != ordered[:, :-1]
        penalties = (
            changes @ self.of_changes[1:]
            + np.log(np.maximum(1, groupings.counts - 1)) * changes.sum(axis=1)
            + (groupings.counts - 1) * self._penalties.new_voice
        )
        untracked = self.untracked(groupings)
        of_untracked = untracked.sum(axis=1) + (groupings.voices.evidence.sum(axis=2) * untracked).sum(axis=1)
        scores = self._likelihood.marginal(groupings.voices) - penalties - self._penalties.untracked * of_untracked
        if self._known is not None:
            scores = scores + np.array([self._known.gain(groupings.voices_of(row)) for row in range(len(scores))])
        return np.asarray(scores, dtype=np.float64)

    def untracked(self, groupings: Groupings) -> NDArray[np.bool_]:
        """Which voices are beyond ``num_speakers``, shape ``(p, k)``: those first heard after the others, as ids are given."""
        untracked = np.zeros(groupings.voices.evidence.shape[:2], dtype=bool)
        for row in np.flatnonzero(groupings.counts > self._num_speakers).tolist():
            first_heard = self._observed.order.first_heard(groupings.labels[row])
            untracked[row, np.argsort(first_heard, kind="stable")[self._num_speakers :]] = True
        return untracked

    def merged(self, groupings: Groupings, thresholds: Floats) -> Groupings:
        """Merges the two voices with the highest merge log-odds, again and again as long as these are above a threshold.

        Goes on to a single voice if all that is left may be one person on several channels, with nobody else there.
        ``thresholds``: of each grouping, shape ``(p,)``.
        """
        rows, voices = groupings.voices.evidence.shape[:2]
        merging = _Merging(groupings, np.tile(np.arange(voices), (rows, 1)))
        if self._num_speakers > 1:
            self._merge(merging, thresholds, alone=False)
        one = merging.copy()
        self._merge(one, thresholds, alone=True)
        merging.take_over(one, one.counts == 1 if self._num_speakers > 1 else np.ones(rows, dtype=bool))
        return merging.groupings()

    def _merge(self, merging: _Merging, thresholds: Floats, *, alone: bool) -> None:
        active = np.flatnonzero(merging.counts > 1)
        lower = np.tri(merging.into.shape[1], k=-1, dtype=bool)
        floor = EVIDENCE_FLOOR * np.eye(len(lower))
        while len(active):
            inverse = np.linalg.inv(merging.evidence[active] + floor).astype(np.float64)
            log_odds = self._likelihood.merge_log_odds(merging.products[active], inverse, alone=alone)
            left = merging.left[active]
            log_odds = np.where(lower & left[:, :, np.newaxis] & left[:, np.newaxis], log_odds, -np.inf)
            if self._known is not None:
                for place, row in enumerate(active.tolist()):
                    if log_odds[place].max() > thresholds[row]:
                        log_odds[place][self._two_persons(self._known, merging, row)] = -np.inf
            flat = log_odds.reshape(len(active), -1)
            best = flat.argmax(axis=1)
            merges = flat[np.arange(len(active)), best] > thresholds[active]
            merging.merge(active[merges], *np.divmod(best[merges], len(lower)))
            active = active[merges]
            active = active[merging.counts[active] > 1]

    def _two_persons(self, known: KnownPlaces, merging: _Merging, row: int) -> NDArray[np.bool_]:
        """Pairs of voices of a grouping that are both recognized, shape ``(k, k)``: no person is two voices."""
        left = np.flatnonzero(merging.left[row])
        recognized = np.zeros(len(merging.left[row]), dtype=bool)
        recognized[left] = known.of_voices(merging.voices_of(row, left)) != NOBODY_KNOWN
        return recognized[:, np.newaxis] & recognized


class _Merging:
    """Groupings whose voices are being merged: which voice each has gone ``into``, and which are ``left``, shape ``(p, k)``."""

    def __init__(self, groupings: Groupings, into: Labels) -> None:
        self._groupings = groupings
        self.into = into
        self.left: NDArray[np.bool_] = into < groupings.counts[:, np.newaxis]
        self.counts = groupings.counts.copy()
        self.evidence = groupings.voices.evidence.copy()
        sums = groupings.voices.sums
        self.products: Floats = sums @ sums.swapaxes(-1, -2)

    def copy(self) -> _Merging:
        other = object.__new__(_Merging)
        other._groupings = self._groupings
        for name in ("into", "left", "counts", "evidence", "products"):
            setattr(other, name, getattr(self, name).copy())
        return other

    def take_over(self, other: _Merging, rows: NDArray[np.bool_]) -> None:
        """Goes on with what became of these groupings in ``other``."""
        for name in ("into", "left", "counts", "evidence", "products"):
            getattr(self, name)[rows] = getattr(other, name)[rows]

    def merge(self, rows: NDArray[np.intp], later: NDArray[np.intp], earlier: NDArray[np.intp]) -> None:
        """Merges a voice into an earlier one, in each of ``rows``."""
        if not len(rows):
            return
        for matrix in (self.evidence, self.products):
            matrix[rows, earlier] += matrix[rows, later]
            matrix[rows, :, earlier] += matrix[rows, :, later]
            matrix[rows, later] = 0.0
            matrix[rows, :, later] = 0.0
        self.left[rows, later] = False
        self.counts[rows] -= 1
        self.into[rows] = np.where(self.into[rows] == later[:, np.newaxis], earlier[:, np.newaxis], self.into[rows])

    def voices_of(self, row: int, left: NDArray[np.intp]) -> VoiceStatistics:
        """Statistics of the voices that are ``left`` in a grouping."""
        gone_into = self.into[row] == left[:, np.newaxis]
        return VoiceStatistics(gone_into @ self._groupings.voices.sums[row], self.evidence[row][np.ix_(left, left)])

    def groupings(self) -> Groupings:
        """What became of the groupings."""
        before = self._groupings
        rows = np.arange(len(self.into))[:, np.newaxis]
        most = int(self.counts.max())
        numbers = (self.left.cumsum(axis=1) - 1)[rows, self.into]
        gone_into = (numbers[:, np.newaxis] == np.arange(most)[:, np.newaxis]).astype(np.float64)
        # Voices that a grouping does not have count for nothing.
        voices = VoiceStatistics(gone_into @ before.voices.sums, gone_into @ before.voices.evidence @ gone_into.swapaxes(-1, -2))
        return Groupings(numbers[rows, before.labels], self.counts, voices)
