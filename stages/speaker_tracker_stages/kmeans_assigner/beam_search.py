"""Beam search over histories of who spoke: the likeliest ones are kept, so later windows decide what earlier ones left open.

A hypothesis is a whole history: the voice of each stretch, and with it how many voices there are and what is known of each. A
window is longer than the stretch it stands for; what it hears beyond that stretch is given to a voice ahead of the windows to come.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.assigning.arrays import Floats, Labels, Vectors
from speaker_tracker_stages.assigning.evidence import Span
from speaker_tracker_stages.kmeans_assigner.known_places import NOBODY_KNOWN, KnownPlaces
from speaker_tracker_stages.kmeans_assigner.likelihood import EVIDENCE_FLOOR, VoiceLikelihood, VoiceStatistics
from speaker_tracker_stages.kmeans_assigner.penalties import KNOWN_VOICE, MAX_UNTRACKED, SPARE_SLOTS, Penalties
from speaker_tracker_stages.kmeans_assigner.window_overlap import MAX_OVERLAP, RunningOverlap

BEAM_WIDTH = 24
"""Maximum number of hypotheses."""
PRUNING_THRESHOLD = 25.0
"""Log-likelihood ratio to the best hypothesis beyond which a hypothesis is dropped."""
MERGE_LOG_ODDS = 25.0
"""Log-odds of being an earlier voice beyond which a new voice counts as a duplicate."""
DUPLICATE_PENALTY = 1000.0
"""Penalty of a hypothesis as long as it has a duplicate; large enough that any other hypothesis goes before it."""


class BeamSearch:
    """Online search, begun without any voice. Voices are numbered in order of appearance, the first ``num_speakers`` are tracked.

    ``dimension``: of the embeddings. ``memory``: minimum number of stretches whose voices are kept. ``known``: voices that may be
    among them, None without any.
    """

    def __init__(  # noqa: PLR0913 - the model, and the session's bounds
        self,
        likelihood: VoiceLikelihood,
        penalties: Penalties,
        dimension: int,
        *,
        num_speakers: int,
        memory: int,
        known: KnownPlaces | None = None,
    ) -> None:
        self._known = known
        self._likelihood, self._penalties, self._num_speakers = likelihood, penalties, num_speakers
        self._memory = memory + MAX_OVERLAP
        self._overlap = RunningOverlap()
        slots = num_speakers + SPARE_SLOTS
        self._slots: NDArray[np.intp] = np.arange(slots)
        self._eye: Floats = np.eye(slots)
        self._untracked: NDArray[np.bool_] = self._slots >= num_speakers
        self._settled_voices = 0  # those found by other means, which count as duplicates of nobody
        # Of each of b hypotheses: statistics of its voices, as in ``VoiceStatistics``, with the inner products of their sums, and
        # the uncertainty of their positions, (E + P)^-1; its log-likelihood relative to the best; how many voices it has; and its
        # voices stretch by stretch.
        self._sums: Floats = np.zeros((1, slots, dimension))
        self._evidence: Floats = np.zeros((1, slots, slots))
        self._products: Floats = np.zeros((1, slots, slots))
        self._uncertainty: Floats = self._inverse_precision()
        self._scores: Floats = np.zeros(1)
        self._duplicate_penalties: Floats = np.zeros(1)
        self._voice_counts: NDArray[np.intp] = np.zeros(1, dtype=np.intp)
        self._prints: NDArray[np.intp] = np.full((1, slots), NOBODY_KNOWN, dtype=np.intp)  # whose voice each is, where it is known
        self._history: NDArray[np.intp] = np.zeros((1, 0), dtype=np.intp)

    def restart(
        self, voices: VoiceStatistics, tracked: NDArray[np.bool_], history: Labels, prints: NDArray[np.intp] | None = None
    ) -> None:
        """Goes on from one hypothesis that was found by other means, such as a clustering.

        ``voices``: all ``k`` voices so far. ``tracked``: which of them are tracked, shape ``(k,)``. ``history``: the voices of the
        latest stretches, those of ``lookahead`` last, shape ``(n,)``. ``prints``: of the voices that are taken for known ones,
        shape ``(k,)``.
        """
        count, dimension = voices.sums.shape
        spare = min(count + SPARE_SLOTS, self._num_speakers + MAX_UNTRACKED)
        slots = max(count, spare, self._num_speakers + SPARE_SLOTS)
        self._slots, self._eye = np.arange(slots), np.eye(slots)
        self._untracked = self._slots - count + int(tracked.sum()) >= self._num_speakers
        self._untracked[:count] = ~tracked
        self._prints = np.full((1, slots), NOBODY_KNOWN, dtype=np.intp)
        if self._known is not None and prints is not None:
            self._prints[0, :count] = prints
            voices = self._known.added(voices, prints)
        self._sums = np.zeros((1, slots, dimension))
        self._sums[0, :count] = voices.sums
        self._evidence = np.zeros((1, slots, slots))
        self._evidence[0, :count, :count] = voices.evidence
        self._products = self._sums @ self._sums.transpose(0, 2, 1)
        self._uncertainty = self._inverse_precision()
        self._scores, self._duplicate_penalties = np.zeros(1), np.zeros(1)
        self._settled_voices = count
        self._voice_counts = np.array([count])
        self._history = history[np.newaxis, -self._memory :]

    @property
    def lookahead(self) -> list[Span]:
        """Stretches that were heard but have no window of their own yet (samples)."""
        return self._overlap.lookahead_spans

    @property
    def is_full(self) -> bool:
        """Whether the best hypothesis has no slot left for one more voice."""
        return bool(self._voice_counts[0] == len(self._eye))

    def push(  # noqa: PLR0913 - what was heard, and when
        self,
        vector: Vectors,
        evidence: float,
        stretch: Span,
        heard: Span,
        *,
        after_pause: bool = False,
        change: float = math.nan,
    ) -> None:
        """Takes in the next window.

        ``vector``: its embedding, shape ``(d,)``, length 1. ``evidence``: its worth in observations, above 0. ``stretch``: what it
        stands for; ``heard``: what it was computed from (samples). ``change``: probability that the speaker changes where
        the stretch begins, NaN if unknown.
        """
        if after_pause:
            self._forget_lookahead()
        elif self._overlap.lookahead and not math.isnan(change):
            self._weigh_change(change)
            change = math.nan
        new = self._overlap.add(stretch, heard)
        of_stretches = self._overlap.shares(heard)
        known, rest = of_stretches[: len(of_stretches) - new], float(of_stretches[len(of_stretches) - new :].sum())
        introduced = self._introduce_known_voices(vector, evidence) if new else np.zeros(len(self._scores), dtype=bool)
        shares = self._voice_shares(known)
        exact = vector.astype(np.float64)
        products = self._sums @ exact
        if new:
            scores = self._extension_scores(shares, rest, products, evidence) - self._change_penalties(after_pause, change)
            if introduced.any():
                scores -= self._introduction_penalties(introduced)
        else:
            scores = self._window_scores(shares, products, evidence)[:, np.newaxis]
        parents, voices = self._select(scores)
        shares, products = shares[parents], products[parents]
        if new:
            # All stretches that a window is the first to hear go to one voice.
            self._history = np.concatenate([self._history[:, new - self._memory :], *[voices[:, np.newaxis]] * new], axis=1)
            shares = shares + rest * self._eye[voices]
            self._voice_counts = np.maximum(self._voice_counts, voices + 1)
        self._update_statistics(exact, evidence, shares, products)
        self._duplicate_penalties = self._penalize_duplicates()

    def best_labels(self, windows: int) -> Labels:
        """The voices of the last ``windows`` windows, as far as they are remembered, in the best hypothesis."""
        best: Labels = self._window_labels(windows)[0]
        return best

    def lookahead_labels(self) -> Labels:
        """The voices of ``lookahead`` in the best hypothesis."""
        best: Labels = self._history[0, self._history.shape[1] - self._overlap.lookahead :]
        return best

    def confidence(self, windows: int) -> Floats:
        """Posterior probability that ``best_labels`` is right about each window, 0 to 1, as far as the beam tells."""
        labels = self._window_labels(windows)
        weights = np.exp(self._scores)
        agreed: Floats = weights @ (labels == labels[0]) / weights.sum()
        return agreed

    def _forget_lookahead(self) -> None:
        self._history = self._history[:, : self._history.shape[1] - self._overlap.lookahead]
        self._overlap.clear()

    def _inverse_precision(self) -> Floats:
        """(E + P)^-1 of the model, shape ``(b, slots, slots)``."""
        return np.asarray(np.linalg.inv(self._evidence + self._likelihood.prior_precision(len(self._eye))), dtype=np.float64)

    def _voice_shares(self, of_stretches: Floats) -> Floats:
        """Shares of each hypothesis' voices in a window, shape ``(b, slots)``, from those of stretches that have a voice."""
        history = self._history[:, self._history.shape[1] - len(of_stretches) :]
        return np.asarray(of_stretches[len(of_stretches) - history.shape[1] :] @ self._eye[history])

    def _window_scores(self, shares: Floats, products: Floats, evidence: float) -> Floats:
        """Log predictive density of a window with these ``shares`` in each hypothesis, shape ``(b,)``."""
        weights = _times(self._uncertainty, shares)
        squares = (weights * _times(self._products, weights)).sum(axis=1)
        uncertainty = (weights * shares).sum(axis=1)
        scores = self._likelihood.predictive((weights * products).sum(axis=1), squares, uncertainty, evidence)
        return scores - self._penalties.untracked * evidence * (shares @ self._untracked)

    def _extension_scores(self, shares: Floats, rest: float, products: Floats, evidence: float) -> Floats:
        """The same for each voice that the ``rest`` of the window may be of, shape ``(b, slots)``."""
        inverse = self._uncertainty
        weights, expected = _times(inverse, shares), _times(inverse, products)
        regressed = inverse @ self._products
        positions = _times(regressed, weights)
        own = np.array([(shares * each).sum(axis=1) for each in (expected, positions, weights)])[:, :, np.newaxis]
        squares = own[1] + rest * (2 * positions + rest * (regressed * inverse).sum(axis=2))
        uncertainty = own[2] + rest * (2 * weights + rest * inverse.diagonal(axis1=1, axis2=2))
        scores = self._likelihood.predictive(own[0] + rest * expected, squares, uncertainty, evidence)
        untracked = (shares @ self._untracked)[:, np.newaxis] + rest * self._untracked
        return scores - self._penalties.untracked * evidence * untracked

    def _introduce_known_voices(self, vector: Vectors, evidence: float) -> NDArray[np.bool_]:
        """Adds hypotheses whose next new voice is a known one that the window sounds like; which ones these are, shape ``(b,)``."""
        count = len(self._scores)
        pairs = [(row, each) for each in self._candidates(vector, evidence) for row in self._rows_without(each)]
        if self._known is None or not pairs:
            return np.zeros(count, dtype=bool)
        rows, prints = np.array(pairs, dtype=np.intp).T
        self._take(np.concatenate([np.arange(count), rows]))
        added, slot = np.arange(count, count + len(rows)), self._voice_counts[rows]
        worth, places = self._known.evidence[prints], self._known.vectors[prints]
        with_place = worth[:, np.newaxis] * np.einsum("mkd,md->mk", self._sums[added], places)
        self._products[added, slot] += with_place
        self._products[added, :, slot] += with_place
        self._products[added, slot, slot] += worth**2 * self._known.squares[prints]
        self._sums[added, slot] += worth[:, np.newaxis] * places
        self._evidence[added, slot, slot] += worth
        self._uncertainty[added] = _with_evidence(self._uncertainty[added], self._eye[slot], worth[:, np.newaxis, np.newaxis])
        self._prints[added, slot] = prints
        return np.arange(len(self._scores)) >= count

    def _candidates(self, vector: Vectors, evidence: float) -> list[int]:
        return [] if self._known is None else self._known.candidates(vector, evidence).tolist()

    def _rows_without(self, voiceprint: int) -> list[int]:
        """The hypotheses that have room for one more voice, and none of the person of this print."""
        assert self._known is not None  # noqa: S101 - there is a print
        persons = np.where(self._prints == NOBODY_KNOWN, -1, self._known.persons[self._prints])
        absent = (persons != self._known.persons[voiceprint]).all(axis=1) & (self._voice_counts < len(self._eye))
        rows: list[int] = np.flatnonzero(absent).tolist()
        return rows

    def _introduction_penalties(self, introduced: NDArray[np.bool_]) -> Floats:
        """Of each next voice, shape ``(b, slots)``: a known voice that was introduced must be the one that speaks."""
        is_new = self._slots == self._voice_counts[:, np.newaxis]
        return np.where(introduced[:, np.newaxis], np.where(is_new, KNOWN_VOICE, np.inf), 0.0)

    def _take(self, rows: NDArray[np.intp]) -> None:
        """Goes on with these hypotheses."""
        if len(rows) == len(self._scores) and (rows == np.arange(len(rows))).all():
            return
        self._history, self._voice_counts, self._prints = self._history[rows], self._voice_counts[rows], self._prints[rows]
        self._sums, self._evidence, self._products = self._sums[rows], self._evidence[rows], self._products[rows]
        self._uncertainty = self._uncertainty[rows]
        self._scores, self._duplicate_penalties = self._scores[rows], self._duplicate_penalties[rows]

    def _select(self, scores: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Goes on with the best extensions; their parents and voices, shape ``(b,)`` each. ``scores``: shape ``(b, voices)``."""
        total = ((self._scores - self._duplicate_penalties)[:, np.newaxis] + scores).ravel()
        best = np.argsort(-total)[:BEAM_WIDTH]
        best = best[total[best] > total[best[0]] - PRUNING_THRESHOLD]
        parents = best // scores.shape[1]
        # Whether there is a duplicate is asked anew at each step, so that penalty is not carried on.
        chosen = total[best] + self._duplicate_penalties[parents]
        self._take(parents)
        self._scores = chosen - chosen[0]
        return parents, best % scores.shape[1]

    def _change_penalties(self, after_pause: bool, heard: float) -> Floats:
        """Penalties of each next voice in each hypothesis, shape ``(b, slots)``; infinite beyond the next new one."""
        slot, count = self._slots, self._voice_counts[:, np.newaxis]
        change = self._penalties.of_change(heard, after_pause=after_pause)
        new_voice = self._penalties.new_voice + self._penalties.untracked * self._untracked
        if not self._history.shape[1]:
            return np.where(slot == count, np.where(count == 0, 0.0, new_voice), np.where(slot < count, 0.0, np.inf))
        penalties = np.where(slot < count, change + np.log(np.maximum(count - 1, 1)), np.inf)
        penalties[np.arange(len(penalties)), self._history[:, -1]] = 0.0
        return np.where(slot == count, new_voice + change, penalties)

    def _weigh_change(self, heard: float) -> None:
        """Corrects the penalty of those hypotheses that have a change where the first stretch of the lookahead begins.

        That stretch was given a voice before it was known how probably the speaker changes there.
        """
        place = self._history.shape[1] - self._overlap.lookahead
        if place < 1:
            return
        known, unknown = (self._penalties.of_change(each, after_pause=False) for each in (heard, math.nan))
        changed = self._history[:, place] != self._history[:, place - 1]
        self._scores = self._scores - (known - unknown) * changed  # ordered anew by the selection that follows

    def _penalize_duplicates(self) -> Floats:
        """``DUPLICATE_PENALTY`` for hypotheses with a new voice that is an earlier one by the merge log-odds, shape ``(b,)``."""
        slot, penalties = self._slots, np.zeros(len(self._scores))
        rows = np.flatnonzero(self._voice_counts > max(1, self._settled_voices))
        if not len(rows):
            return penalties
        counts = self._voice_counts[rows]
        new = (slot >= self._settled_voices) & (slot < counts[:, np.newaxis])
        inverse = np.linalg.inv(self._evidence[rows] + EVIDENCE_FLOOR * self._eye).astype(np.float64)
        alone = (counts == 2) | (self._num_speakers == 1)  # noqa: PLR2004 - the two may be one
        log_odds = self._likelihood.merge_log_odds(self._products[rows], inverse, alone=alone[:, np.newaxis, np.newaxis])
        pairs = new[:, :, np.newaxis] & (slot < slot[:, np.newaxis])
        if self._known is not None:
            known = self._prints[rows] != NOBODY_KNOWN
            pairs &= ~(known[:, :, np.newaxis] & known[:, np.newaxis])
        most = np.where(pairs, log_odds, 0.0).max(axis=(1, 2))
        penalties[rows[most > MERGE_LOG_ODDS]] = DUPLICATE_PENALTY
        return penalties

    def _update_statistics(self, vector: Floats, evidence: float, shares: Floats, products: Floats) -> None:
        weighted = (evidence * shares)[:, :, np.newaxis]
        outer, both = weighted * products[:, np.newaxis], weighted * shares[:, np.newaxis]
        self._products += outer
        self._products += outer.transpose(0, 2, 1)
        self._products += evidence * both
        self._sums += weighted * vector
        self._evidence += both
        self._uncertainty = _with_evidence(self._uncertainty, shares, evidence)

    def _window_labels(self, windows: int) -> NDArray[np.intp]:
        """The voices of the last windows in every hypothesis, shape ``(b, n)``."""
        end = self._history.shape[1] - self._overlap.lookahead
        return self._history[:, max(0, end - windows) : end]


def _times(matrices: Floats, vectors: Floats) -> Floats:
    """Products of matrices and vectors, shapes ``(b, k, k)`` and ``(b, k)``."""
    return np.asarray((matrices @ vectors[:, :, np.newaxis])[:, :, 0])


def _with_evidence(inverse: Floats, shares: Floats, evidence: float | Floats) -> Floats:
    """``inverse`` of a precision to which ``evidence`` of these ``shares`` is added (Sherman and Morrison), shape ``(b, k, k)``."""
    weights = _times(inverse, shares)
    growth = 1.0 / evidence + (weights * shares).sum(axis=1)[:, np.newaxis, np.newaxis]
    return np.asarray(inverse - weights[:, :, np.newaxis] * weights[:, np.newaxis] / growth)
