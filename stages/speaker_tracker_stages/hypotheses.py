"""Who speaks, window by window: the likeliest ways to have told the voices so far apart, kept side by side.

A beam search over whole histories, each with its own idea of how many voices there are and what they sound like. What a window
leaves open, later ones decide.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.voice_likelihood import Numbers, Prices, Vectors, VoiceLikelihood, Voices

BEAM = 24
BEYOND = 2
"""So many voices more than are tracked can be told apart."""
HOPELESS = 25.0
"""A hypothesis so much less likely than the best is dropped."""
AFTER_PAUSE = 0.1
"""The price of a change after a pause, as a share of what it is otherwise."""


class VoiceHypotheses:
    """Begins with what is known of ``voices`` and with ``last``, the voice of the last window (-1: none).

    ``tracked``: which of them are tracked, shape ``(k,)``. New voices are numbered on from there; they are tracked until there are
    ``num_speakers``. ``memory``: windows of history that are kept.
    """

    def __init__(  # noqa: PLR0913 - what is known, and how to weigh it
        self,
        likelihood: VoiceLikelihood,
        prices: Prices,
        voices: Voices,
        last: int,
        *,
        tracked: NDArray[np.bool_],
        num_speakers: int,
        memory: int,
    ) -> None:
        known, dimension = voices.sums.shape
        self._likelihood, self._prices = likelihood, prices
        slots = max(known, num_speakers + BEYOND)
        self._beyond = np.arange(slots) - known + int(tracked.sum()) >= num_speakers
        self._beyond[:known] = ~tracked
        self._sums = np.zeros((1, slots, dimension))
        self._sums[0, :known] = voices.sums
        self._evidence = np.zeros((1, slots))
        self._evidence[0, :known] = voices.evidence
        self._squares = np.square(self._sums).sum(axis=2)
        self._scores = np.zeros(1)
        self._known = np.array([known])
        self._last = np.array([last])
        self._history: NDArray[np.intp] = np.empty((1, 0), dtype=np.intp)
        self._memory = memory

    def push(self, vector: Vectors, evidence: float, *, after_pause: bool = False) -> None:
        """Takes in the next window: its embedding, shape ``(d,)``, and how much that counts."""
        products: Numbers = self._sums @ vector.astype(np.float64)
        scores = self._likelihood.of_windows(products, self._squares, self._evidence, evidence)
        scores += self._scores[:, np.newaxis] - self._price_of_voices(evidence, after_pause)
        best = np.argsort(-scores, axis=None)[:BEAM]
        ranked = scores.ravel()[best]
        best = best[ranked > ranked[0] - HOPELESS]
        before, voice = np.unravel_index(best, scores.shape)
        rows = np.arange(len(best))
        self._scores = scores[before, voice] - ranked[0]
        self._sums, self._evidence, self._squares = self._sums[before], self._evidence[before], self._squares[before]
        self._squares[rows, voice] += 2 * evidence * products[before, voice] + evidence**2
        self._sums[rows, voice] += evidence * vector
        self._evidence[rows, voice] += evidence
        self._known = np.maximum(self._known[before], voice + 1)
        self._last = voice
        self._history = np.concatenate([self._history[before], voice[:, np.newaxis]], axis=1)[:, -self._memory :]

    def tail(self, windows: int) -> NDArray[np.intp]:
        """The voices of the last ``windows`` windows (at most those remembered) in the likeliest hypothesis."""
        return self._history[0, max(0, self._history.shape[1] - windows) :]

    def _price_of_voices(self, evidence: float, after_pause: bool) -> Numbers:
        """Of each voice in each hypothesis; infinite for those that are not next to come."""
        slot, known = np.arange(self._evidence.shape[1]), self._known[:, np.newaxis]
        change = self._prices.change * (AFTER_PAUSE if after_pause else 1.0)
        prices = np.where(slot < known, change + np.log(np.maximum(known - 1, 1)), np.inf)
        spoke = self._last >= 0
        prices[np.flatnonzero(spoke), self._last[spoke]] = 0.0
        prices = np.where(slot == known, self._prices.voice + np.where(self._beyond, self._prices.beyond, 0.0), prices)
        prices = prices + np.where(self._beyond, self._prices.beyond * evidence, 0.0)
        prices[~spoke] = np.where(slot == 0, 0.0, np.inf)
        return prices
