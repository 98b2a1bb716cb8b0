"""What is known beforehand of voices: their prints, as observations of their positions and as a reason to prefer some groupings.

A print comes from another session. What a session changes of all voices alike, its room, line and noise, is learnt from those that
are recognized (``adapt``); the rest is the channel variance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.assigning.arrays import Floats, Vectors
from speaker_tracker_stages.assigning.recognition import Recognition
from speaker_tracker_stages.kmeans_assigner.likelihood import VoiceLikelihood, VoiceStatistics

NOBODY_KNOWN = -1
"""Print of a voice that is not taken for a known one."""
MAX_CANDIDATES = 3
"""Maximum number of prints that a window may be the first word of."""
PRINT_EVIDENCE = 4.0
"""Factor on the evidence of a print, which is an observation from another session."""
KNOWN_SCALE = 8.0
"""Factor on the log-odds of recognition where groupings are compared, as ``LIKELIHOOD_SCALE`` is one on those of windows."""
OWN_SHARE, SHARED_SHARE = 0.5, 0.3
"""Variance of what a session changes of one voice alone, and of all voices alike, as shares of the channel variance."""


class KnownPlaces:
    """The prints of a session, ``p`` in all.

    ``vectors``: mean embeddings, moved to where the session has them, shape ``(p, d)``. ``evidence``: observations that each counts
    for, ``persons``: whose it is, shape ``(p,)``.
    """

    def __init__(self, recognition: Recognition, likelihood: VoiceLikelihood) -> None:
        self._original = recognition
        self._likelihood = likelihood
        variance = 2 * likelihood.channel + likelihood.within / recognition.evidence
        self.evidence: Floats = PRINT_EVIDENCE * likelihood.within / variance
        self.persons = recognition.person_of
        self._take(recognition)

    def adapt(self, voices: VoiceStatistics) -> NDArray[np.intp]:
        """Moves all prints as the session has moved those that are recognized; the print of each voice, as ``of_voices``."""
        prints = self.of_voices(voices)
        known = np.flatnonzero(prints != NOBODY_KNOWN)
        shift = np.zeros(self.vectors.shape[1])
        if len(known):
            evidence = np.diagonal(voices.evidence)[known]
            moved = voices.sums[known] / evidence[:, np.newaxis] - self._original.vectors[prints[known]]
            weights = 1.0 / (OWN_SHARE * self._likelihood.channel + self._likelihood.within / evidence)
            shift = weights @ moved / (weights.sum() + 1.0 / (SHARED_SHARE * self._likelihood.channel))
        self._take(self._original.moved(shift))
        return self.of_voices(voices)

    def candidates(self, vector: Vectors, evidence: float) -> NDArray[np.intp]:
        """Prints of which a window is more likely than of somebody unknown, the likeliest first; at most ``MAX_CANDIDATES``.

        ``vector``: shape ``(d,)``, of length 1; ``evidence``: of the window (observations).
        """
        figures = self._likelihood
        spread = (figures.between + figures.common) / figures.within
        precision = self.evidence + 1.0 / spread
        weights = self.evidence / precision
        products = weights * (self.vectors @ vector)
        known = figures.predictive(products, np.square(weights) * self.squares, 1.0 / precision, evidence)
        nothing = np.zeros(1)
        unknown = figures.predictive(nothing, nothing, nothing + spread, evidence)
        order = np.argsort(-known)[:MAX_CANDIDATES]
        return np.asarray(order[known[order] > unknown], dtype=np.intp)

    def of_voices(self, voices: VoiceStatistics) -> NDArray[np.intp]:
        """The print of each voice, shape ``(k,)``, ``NOBODY_KNOWN`` where it is nobody's; no person is two voices."""
        return self._matched(voices)[0]

    def gain(self, voices: VoiceStatistics) -> float:
        """By how much a grouping is likelier as its voices are known ones: a natural logarithm, at least 0."""
        return self._matched(voices)[1]

    def with_prints(self, voices: VoiceStatistics) -> VoiceStatistics:
        """Statistics of the voices, with the prints of those that are known as further evidence."""
        return self.added(voices, self.of_voices(voices))

    def added(self, voices: VoiceStatistics, prints: NDArray[np.intp]) -> VoiceStatistics:
        """The same where ``prints`` of the voices are given, shape ``(k,)``."""
        known = np.flatnonzero(prints != NOBODY_KNOWN)
        sums, evidence = voices.sums.copy(), voices.evidence.copy()
        worth = self.evidence[prints[known]]
        sums[known] += worth[:, np.newaxis] * self.vectors[prints[known]]
        evidence[known, known] += worth
        return VoiceStatistics(sums, evidence)

    def _take(self, recognition: Recognition) -> None:
        self._recognition = recognition
        self.vectors: Floats = recognition.vectors
        self.squares: Floats = np.square(self.vectors).sum(axis=1)

    def _matched(self, voices: VoiceStatistics) -> tuple[NDArray[np.intp], float]:
        from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - heavy, only where the stage is used

        evidence = np.diagonal(voices.evidence)
        prints = np.full(len(evidence), NOBODY_KNOWN, dtype=np.intp)
        heard = np.flatnonzero(evidence > 0)
        means = voices.sums[heard] / evidence[heard, np.newaxis]
        gains = KNOWN_SCALE * self._recognition.posterior_log_odds(means, evidence[heard])
        likely = np.flatnonzero((gains > 0).any(axis=0))
        gains = np.maximum(gains[:, likely], 0.0)
        total = 0.0
        for row, column in zip(*linear_sum_assignment(gains, maximize=True), strict=True):
            if gains[row, column] > 0:
                own = np.flatnonzero(self.persons == likely[column])
                prints[heard[row]] = own[int((self.vectors[own] @ means[row]).argmax())]
                total += float(gains[row, column])
        return prints, total
