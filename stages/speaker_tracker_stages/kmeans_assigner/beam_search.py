"""Who speaks, window by window: the likeliest ways to have told the voices so far apart, kept side by side.

A beam search over whole histories, each with its own idea of how many voices there are and what they sound like. What a window
leaves open, later ones decide. A window is longer than the stretch it stands for; what it has heard beyond that stretch is given
to voices ahead of the windows to come.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.hearing import Span
from speaker_tracker_stages.voice_likelihood import HARDLY, Numbers, Prices, Vectors, VoiceLikelihood, Voices

BEAM = 24
BEYOND = 2
"""So many voices more than are tracked can be told apart."""
HOPELESS = 25.0
"""A hypothesis so much less likely than the best is dropped."""
DOUBT = 25.0
"""Log-odds of being a voice that is known already, from which on a new voice is given up."""
GIVEN_UP = 1000.0
AFTER_PAUSE = 0.1
"""The price of a change after a pause, as a share of what it is otherwise."""
MOST_HEARD = 64
"""A window hears no more stretches than this."""


class VoiceHypotheses:
    """Begins without any voice. Voices are numbered as they are heard; they are tracked until there are ``num_speakers``.

    ``memory``: windows of history that are kept.
    """

    def __init__(self, likelihood: VoiceLikelihood, prices: Prices, dimension: int, *, num_speakers: int, memory: int) -> None:
        self._likelihood, self._prices, self._num_speakers = likelihood, prices, num_speakers
        self._memory = memory + MOST_HEARD
        slots = num_speakers + BEYOND
        self._sums: Numbers = np.zeros((1, slots, dimension))
        self._evidence: Numbers = np.zeros((1, slots, slots))
        self._squares: Numbers = np.zeros((1, slots, slots))
        self._scores: Numbers = np.zeros(1)
        self._unlikely: Numbers = np.zeros(1)
        self._given = 0
        self._known: NDArray[np.intp] = np.zeros(1, dtype=np.intp)
        self._history: NDArray[np.intp] = np.zeros((1, 0), dtype=np.intp)
        self._eye: Numbers = np.eye(slots)
        self._beyond: NDArray[np.bool_] = np.arange(slots) >= num_speakers
        # The stretches of the segment under way that may still be heard, the last ``_ahead`` of them without a window of their own.
        self._stretches: deque[Span] = deque(maxlen=MOST_HEARD)
        self._ahead = 0

    def begin_anew(self, voices: Voices, tracked: NDArray[np.bool_], history: NDArray[np.intp]) -> None:
        """From what was found by other means.

        ``voices``: all that are known; new ones are numbered on from there. ``tracked``: which of them are tracked, shape ``(k,)``.
        ``history``: the voices of the latest stretches, those of ``ahead`` at the end, shape ``(n,)``.
        """
        known, dimension = voices.sums.shape
        slots = max(known, self._num_speakers + BEYOND)
        self._eye = np.eye(slots)
        self._beyond = np.arange(slots) - known + int(tracked.sum()) >= self._num_speakers
        self._beyond[:known] = ~tracked
        self._sums = np.zeros((1, slots, dimension))
        self._sums[0, :known] = voices.sums
        self._evidence = np.zeros((1, slots, slots))
        self._evidence[0, :known, :known] = voices.evidence
        self._squares = self._sums @ self._sums.transpose(0, 2, 1)
        self._scores, self._unlikely = np.zeros(1), np.zeros(1)
        self._given = known
        self._known = np.array([known])
        self._history = history[np.newaxis, -self._memory :]

    @property
    def ahead(self) -> list[Span]:
        """Stretches that were heard but have no window of their own yet (samples)."""
        return list(self._stretches)[len(self._stretches) - self._ahead :]

    def push(self, vector: Vectors, evidence: float, stretch: Span, heard: Span, *, after_pause: bool = False) -> None:
        """Takes in the next window.

        ``vector``: its embedding, shape ``(d,)``; ``evidence``: how much that counts; ``stretch``: what it stands for, and
        ``heard``: what it heard (samples).
        """
        if after_pause:
            self._forget_ahead()
            self._stretches.clear()
        fresh = self._place(stretch, heard)
        parts = self._parts(heard)
        old, rest = parts[: len(parts) - fresh], float(parts[len(parts) - fresh :].sum())
        shares = self._shares(old)
        products = self._sums @ vector.astype(np.float64)
        inverse: Numbers = np.linalg.inv(self._evidence + self._likelihood.doubt * self._eye).astype(np.float64)
        if fresh:
            scores = self._of_extended(shares, rest, products, inverse, evidence) - self._prices_of_change(after_pause)
        else:
            scores = self._of_windows(shares, products, inverse, evidence)[:, np.newaxis]
        before, voice = self._choose(scores)
        self._history, shares = self._history[before], shares[before]
        if fresh:
            block = np.repeat(voice[:, np.newaxis], fresh, axis=1)
            self._history = np.concatenate([self._history, block], axis=1)[:, -self._memory :]
            shares = shares + rest * self._eye[voice]
        self._known = np.maximum(self._known[before], voice + 1) if fresh else self._known[before]
        self._learn(before, vector, evidence, shares, products[before])
        self._unlikely = self._prices_of_likeness()

    def tail(self, windows: int) -> NDArray[np.intp]:
        """The voices of the last ``windows`` windows (at most those remembered) in the likeliest hypothesis."""
        likeliest: NDArray[np.intp] = self._said(windows)[0]
        return likeliest

    def of_ahead(self) -> NDArray[np.intp]:
        """The voices of ``ahead`` in the likeliest hypothesis."""
        likeliest: NDArray[np.intp] = self._history[0, self._history.shape[1] - self._ahead :]
        return likeliest

    def certainty(self, windows: int) -> Numbers:
        """How likely the likeliest hypothesis is right about each of the last ``windows`` windows (at most those remembered)."""
        said = self._said(windows)
        shares = np.exp(self._scores)
        agreed: Numbers = shares @ (said == said[0]) / shares.sum()
        return agreed

    def _forget_ahead(self) -> None:
        self._history = self._history[:, : self._history.shape[1] - self._ahead]
        self._ahead = 0

    def _place(self, stretch: Span, heard: Span) -> int:
        """Where stretches lie by now; answers how many of them were not heard before."""
        fresh, length = 0, stretch[1] - stretch[0]
        if self._ahead:
            self._stretches[len(self._stretches) - self._ahead] = stretch
            self._ahead -= 1
            for later in range(len(self._stretches) - self._ahead, len(self._stretches)):
                begin = self._stretches[later - 1][1]
                self._stretches[later] = (begin, begin + length)
        else:
            self._stretches.append(stretch)
            fresh = 1
        while self._ahead < MOST_HEARD - 1 and (begin := self._stretches[-1][1]) + length // 4 < heard[1]:
            self._stretches.append((begin, begin + length))
            self._ahead += 1
            fresh += 1
        return fresh

    def _parts(self, heard: Span) -> Numbers:
        """What part of a window each of the latest stretches is, shape ``(m,)``, from the first it hears on; they add up to 1."""
        bounds = np.array(self._stretches, dtype=np.float64)
        common = (np.minimum(bounds[:, 1], heard[1]) - np.maximum(bounds[:, 0], heard[0])).clip(0.0)
        if not common.sum():
            common[len(common) - 1 - self._ahead] = 1.0
        parts: Numbers = common[int((common > 0).argmax()) :] / common.sum()
        return parts

    def _shares(self, parts: Numbers) -> Numbers:
        """Of each voice in each hypothesis in the stretches that have one: shape ``(b, slots)``."""
        history = self._history[:, self._history.shape[1] - len(parts) :]
        parts = parts[len(parts) - history.shape[1] :]
        return np.asarray((history[:, :, np.newaxis] == np.arange(len(self._eye))).transpose(0, 2, 1) @ parts)

    def _of_windows(self, shares: Numbers, products: Numbers, inverse: Numbers, evidence: float) -> Numbers:
        """Log-likelihoods, shape ``(b,)``, of a window with these ``shares`` in each hypothesis."""
        weights = np.einsum("bk,bkl->bl", shares, inverse)
        squares = np.einsum("bk,bkl,bl->b", weights, self._squares, weights)
        unknown = (weights * shares).sum(axis=1)
        scores = self._likelihood.of_windows((weights * products).sum(axis=1), squares, unknown, evidence)
        return scores - self._prices.beyond * evidence * (shares @ self._beyond)

    def _of_extended(self, shares: Numbers, rest: float, products: Numbers, inverse: Numbers, evidence: float) -> Numbers:
        """The same for each voice as that of the ``rest`` of the window, shape ``(b, slots)``."""
        every = shares[:, np.newaxis] + rest * self._eye
        expected = np.einsum("bkl,bl->bk", inverse, products)
        lengths = inverse @ self._squares @ inverse
        squares, unknown = ((every @ matrix * every).sum(axis=2) for matrix in (lengths, inverse))
        scores = self._likelihood.of_windows(np.einsum("bvk,bk->bv", every, expected), squares, unknown, evidence)
        return scores - self._prices.beyond * evidence * (every @ self._beyond)

    def _choose(self, scores: Numbers) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The best hypotheses and their voices, shape ``(b,)``. ``scores``: what voices add to them, shape ``(b, voices)``."""
        total = ((self._scores - self._unlikely)[:, np.newaxis] + scores).ravel()
        best = np.argsort(-total)[:BEAM]
        best = best[total[best] > total[best[0]] - HOPELESS]
        self._scores = (total + np.repeat(self._unlikely, scores.shape[1]))[best]
        self._scores -= self._scores[0]
        return best // scores.shape[1], best % scores.shape[1]

    def _prices_of_change(self, after_pause: bool) -> Numbers:
        """Of each voice in each hypothesis, shape ``(b, slots)``; infinite for those that are not next to come."""
        slot, known = np.arange(len(self._eye)), self._known[:, np.newaxis]
        change = self._prices.change * (AFTER_PAUSE if after_pause else 1.0)
        new = self._prices.voice + np.where(self._beyond, self._prices.beyond, 0.0)
        if not self._history.shape[1]:
            return np.where(slot == known, np.where(known == 0, 0.0, new), np.where(slot < known, 0.0, np.inf))
        prices = np.where(slot < known, change + np.log(np.maximum(known - 1, 1)), np.inf)
        prices[np.arange(len(prices)), self._history[:, -1]] = 0.0
        return np.where(slot == known, new + change, prices)

    def _prices_of_likeness(self) -> Numbers:
        """Of new voices that may well be known ones, in each hypothesis: shape ``(b,)``."""
        slot = np.arange(len(self._eye))
        new = (slot >= self._given) & (slot < self._known[:, np.newaxis])
        if not new.any():
            return np.zeros(len(new))
        odds = self._likelihood.same(self._squares, np.linalg.inv(self._evidence + HARDLY * self._eye).astype(np.float64))
        pairs = new[:, :, np.newaxis] & (slot < slot[:, np.newaxis])
        most = np.where(pairs, odds, 0.0).max(axis=(1, 2))
        return np.where(most > DOUBT, GIVEN_UP, 0.0)

    def _learn(self, before: NDArray[np.intp], vector: Vectors, evidence: float, shares: Numbers, products: Numbers) -> None:
        outer = evidence * shares[:, :, np.newaxis] * products[:, np.newaxis]
        both = shares[:, :, np.newaxis] * shares[:, np.newaxis]
        self._squares = self._squares[before] + outer + outer.transpose(0, 2, 1) + evidence**2 * both
        self._sums = self._sums[before] + evidence * shares[:, :, np.newaxis] * vector
        self._evidence = self._evidence[before] + evidence * both

    def _said(self, windows: int) -> NDArray[np.intp]:
        end = self._history.shape[1] - self._ahead
        return self._history[:, max(0, end - windows) : end]
