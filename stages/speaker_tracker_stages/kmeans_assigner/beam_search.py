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
        self._eye: Floats = np.eye(slots)
        self._untracked: NDArray[np.bool_] = np.arange(slots) >= num_speakers
        self._settled_voices = 0  # those found by other means, which count as duplicates of nobody
        # Of each of b hypotheses: statistics of its voices, as in ``VoiceStatistics``, with the inner products of their sums;
        # its log-likelihood relative to the best; how many voices it has; and its voices stretch by stretch.
        self._sums: Floats = np.zeros((1, slots, dimension))
        self._evidence: Floats = np.zeros((1, slots, slots))
        self._products: Floats = np.zeros((1, slots, slots))
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
        self._eye = np.eye(slots)
        self._untracked = np.arange(slots) - count + int(tracked.sum()) >= self._num_speakers
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
        shares = self._voice_shares(known)
        products = self._sums @ vector.astype(np.float64)
        inverse: Floats = np.linalg.inv(self._evidence + self._likelihood.prior_precision(len(self._eye))).astype(np.float64)
        if new:
            penalties = self._change_penalties(after_pause, change)
            scores = self._extension_scores(shares, rest, products, inverse, evidence) - penalties
            candidates = self._candidates(vector, evidence)
            if len(candidates):
                first_words = self._first_word_scores(candidates, vector, (shares, rest, products, inverse, evidence))
                scores = np.concatenate([scores, first_words - self._new_voice_penalties(penalties) - KNOWN_VOICE], axis=1)
        else:
            scores = self._window_scores(shares, products, inverse, evidence)[:, np.newaxis]
        parents, voices = self._select(scores)
        self._history, shares = self._history[parents], shares[parents]
        self._prints, products = self._prints[parents], products[parents]
        self._sums, self._evidence, self._products = self._sums[parents], self._evidence[parents], self._products[parents]
        if new:
            voices = self._introduce(candidates, voices, self._voice_counts[parents], vector, products)
            # All stretches that a window is the first to hear go to one voice.
            block = np.repeat(voices[:, np.newaxis], new, axis=1)
            self._history = np.concatenate([self._history, block], axis=1)[:, -self._memory :]
            shares = shares + rest * self._eye[voices]
        self._voice_counts = np.maximum(self._voice_counts[parents], voices + 1) if new else self._voice_counts[parents]
        self._update_statistics(vector, evidence, shares, products)
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

    def _voice_shares(self, of_stretches: Floats) -> Floats:
        """Shares of each hypothesis' voices in a window, shape ``(b, slots)``, from those of stretches that have a voice."""
        history = self._history[:, self._history.shape[1] - len(of_stretches) :]
        of_stretches = of_stretches[len(of_stretches) - history.shape[1] :]
        return np.asarray((history[:, :, np.newaxis] == np.arange(len(self._eye))).transpose(0, 2, 1) @ of_stretches)

    def _window_scores(self, shares: Floats, products: Floats, inverse: Floats, evidence: float) -> Floats:
        """Log predictive density of a window with these ``shares`` in each hypothesis, shape ``(b,)``."""
        weights = np.einsum("bk,bkl->bl", shares, inverse)
        squares = np.einsum("bk,bkl,bl->b", weights, self._products, weights)
        uncertainty = (weights * shares).sum(axis=1)
        scores = self._likelihood.predictive((weights * products).sum(axis=1), squares, uncertainty, evidence)
        return scores - self._penalties.untracked * evidence * (shares @ self._untracked)

    def _extension_scores(self, shares: Floats, rest: float, products: Floats, inverse: Floats, evidence: float) -> Floats:
        """The same for each voice that the ``rest`` of the window may be of, shape ``(b, slots)``."""
        extended = shares[:, np.newaxis] + rest * self._eye
        expected = np.einsum("bkl,bl->bk", inverse, products)
        positions = inverse @ self._products @ inverse
        squares, uncertainty = ((extended @ matrix * extended).sum(axis=2) for matrix in (positions, inverse))
        scores = self._likelihood.predictive(np.einsum("bvk,bk->bv", extended, expected), squares, uncertainty, evidence)
        return scores - self._penalties.untracked * evidence * (extended @ self._untracked)

    def _candidates(self, vector: Vectors, evidence: float) -> NDArray[np.intp]:
        """Prints that the next new voice may be of, of persons who are not among the voices of every hypothesis."""
        if self._known is None:
            return np.zeros(0, dtype=np.intp)
        candidates = self._known.candidates(vector, evidence)
        return np.asarray(candidates[[not self._has_person(each).all() for each in candidates]], dtype=np.intp)

    def _has_person(self, voiceprint: int) -> NDArray[np.bool_]:
        """Whether the person of a print is among the voices of each hypothesis, shape ``(b,)``."""
        assert self._known is not None  # noqa: S101 - there are candidates
        persons = np.where(self._prints == NOBODY_KNOWN, -1, self._known.persons[self._prints])
        return np.asarray((persons == self._known.persons[voiceprint]).any(axis=1))

    def _first_word_scores(
        self, candidates: NDArray[np.intp], vector: Vectors, window: tuple[Floats, float, Floats, Floats, float]
    ) -> Floats:
        """Scores of a window if the rest of it is of a new voice that has each print, shape ``(b, c)``; none where it cannot be."""
        assert self._known is not None  # noqa: S101 - there are candidates
        shares, rest, products, inverse, evidence = window
        rows, slots = np.arange(len(shares)), len(self._eye)
        slot = np.minimum(self._voice_counts, slots - 1)
        new = self._eye[slot]
        extended = shares + rest * new
        scores = np.full((len(shares), len(candidates)), -np.inf)
        for column, voiceprint in enumerate(candidates.tolist()):
            worth, place = self._known.evidence[voiceprint], self._known.vectors[voiceprint]
            own = inverse[rows, :, slot]
            # One observation more changes the inverse by a matrix of rank one (Sherman and Morrison, 1950).
            factor = worth / (1.0 + worth * inverse[rows, slot, slot])
            after = inverse - factor[:, np.newaxis, np.newaxis] * own[:, :, np.newaxis] * own[:, np.newaxis]
            of_place = worth * (self._sums @ place)
            of_place_squared = worth**2 * self._known.squares[voiceprint]
            weights = np.einsum("bk,bkl->bl", extended, after)
            expected = (weights * products).sum(axis=1) + weights[rows, slot] * worth * float(vector @ place)
            squares = np.einsum("bk,bkl,bl->b", weights, self._products, weights)
            squares += 2 * weights[rows, slot] * (weights * of_place).sum(axis=1) + weights[rows, slot] ** 2 * of_place_squared
            score = self._likelihood.predictive(expected, squares, (weights * extended).sum(axis=1), evidence)
            score = score - self._penalties.untracked * evidence * (extended @ self._untracked)
            impossible = self._has_person(voiceprint) | (self._voice_counts == slots)
            scores[:, column] = np.where(impossible, -np.inf, score)
        return scores

    def _new_voice_penalties(self, penalties: Floats) -> Floats:
        """Those of the next new voice in each hypothesis, shape ``(b, 1)``."""
        slot = np.minimum(self._voice_counts, len(self._eye) - 1)
        return penalties[np.arange(len(penalties)), slot][:, np.newaxis]

    def _introduce(
        self, candidates: NDArray[np.intp], voices: NDArray[np.intp], counts: NDArray[np.intp], vector: Vectors, products: Floats
    ) -> NDArray[np.intp]:
        """Gives new voices their prints where ``voices`` number candidates, behind all slots; answers with the slots, ``(b,)``.

        ``products``: inner products of the window with the sums, which change with them.
        """
        slots = len(self._eye)
        for row in np.flatnonzero(voices >= slots).tolist():
            assert self._known is not None  # noqa: S101 - there are candidates
            voiceprint, slot = int(candidates[voices[row] - slots]), int(counts[row])
            worth, place = self._known.evidence[voiceprint], self._known.vectors[voiceprint]
            with_place = worth * (self._sums[row] @ place)
            self._products[row, slot] += with_place
            self._products[row, :, slot] += with_place
            self._products[row, slot, slot] += worth**2 * self._known.squares[voiceprint]
            self._sums[row, slot] += worth * place
            self._evidence[row, slot, slot] += worth
            products[row, slot] += worth * float(vector @ place)
            self._prints[row, slot] = voiceprint
        return np.where(voices >= slots, counts, voices)

    def _select(self, scores: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The parents and voices of the best extensions, shape ``(b,)`` each; ``scores``: of extensions, shape ``(b, voices)``."""
        total = ((self._scores - self._duplicate_penalties)[:, np.newaxis] + scores).ravel()
        best = np.argsort(-total)[:BEAM_WIDTH]
        best = best[total[best] > total[best[0]] - PRUNING_THRESHOLD]
        # Whether there is a duplicate is asked anew at each step, so that penalty is not carried on.
        self._scores = (total + np.repeat(self._duplicate_penalties, scores.shape[1]))[best]
        self._scores -= self._scores[0]
        return best // scores.shape[1], best % scores.shape[1]

    def _change_penalties(self, after_pause: bool, heard: float) -> Floats:
        """Penalties of each next voice in each hypothesis, shape ``(b, slots)``; infinite beyond the next new one."""
        slot, count = np.arange(len(self._eye)), self._voice_counts[:, np.newaxis]
        change = float(self._penalties.of_changes(np.array(after_pause), np.array(heard)))
        new_voice = self._penalties.new_voice + np.where(self._untracked, self._penalties.untracked, 0.0)
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
        known, unknown = (float(self._penalties.of_changes(np.array(False), np.array(p))) for p in (heard, math.nan))
        changed = self._history[:, place] != self._history[:, place - 1]
        self._scores = self._scores - (known - unknown) * changed  # ordered anew by the selection that follows

    def _penalize_duplicates(self) -> Floats:
        """``DUPLICATE_PENALTY`` for hypotheses with a new voice that is an earlier one by the merge log-odds, shape ``(b,)``."""
        slot = np.arange(len(self._eye))
        new = (slot >= self._settled_voices) & (slot < self._voice_counts[:, np.newaxis])
        if not new.any():
            return np.zeros(len(new))
        inverse = np.linalg.inv(self._evidence + EVIDENCE_FLOOR * self._eye).astype(np.float64)
        alone = (self._voice_counts == 2) | (self._num_speakers == 1)  # noqa: PLR2004 - the two may be one
        log_odds = self._likelihood.merge_log_odds(self._products, inverse, alone=alone[:, np.newaxis, np.newaxis])
        known = self._prints != NOBODY_KNOWN
        two_persons = known[:, :, np.newaxis] & known[:, np.newaxis]
        pairs = new[:, :, np.newaxis] & (slot < slot[:, np.newaxis]) & ~two_persons
        most = np.where(pairs, log_odds, 0.0).max(axis=(1, 2))
        return np.where(most > MERGE_LOG_ODDS, DUPLICATE_PENALTY, 0.0)

    def _update_statistics(self, vector: Vectors, evidence: float, shares: Floats, products: Floats) -> None:
        outer = evidence * shares[:, :, np.newaxis] * products[:, np.newaxis]
        both = shares[:, :, np.newaxis] * shares[:, np.newaxis]
        self._products = self._products + outer + outer.transpose(0, 2, 1) + evidence**2 * both
        self._sums = self._sums + evidence * shares[:, :, np.newaxis] * vector
        self._evidence = self._evidence + evidence * both

    def _window_labels(self, windows: int) -> NDArray[np.intp]:
        """The voices of the last windows in every hypothesis, shape ``(b, n)``."""
        end = self._history.shape[1] - self._overlap.lookahead
        return self._history[:, max(0, end - windows) : end]
