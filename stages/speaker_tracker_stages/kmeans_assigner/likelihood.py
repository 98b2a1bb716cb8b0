"""How likely windows are to come from one voice or another: a two-covariance model of embeddings, the same in every direction.

Each voice has a place in the space of embeddings, and what is heard of it lies around it (Brümmer and de Villiers, "The speaker
partitioning problem", Odyssey 2010). A window that hears a change lies between two places, by its shares of the two voices. Places
are not known but integrated out (as the weights of a Bayesian linear regression on the shares), so a voice heard little is held to
little, and the question whether two groups are one voice or two has an answer without a threshold.

One voice has more than one place, though: people read, call, laugh and tire. Where two places lie as close together as those of one
voice do, it is one voice, however much was heard of both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HARDLY = 0.05
"""Evidence that no group of windows is taken to have less than, where places are compared."""
Vectors = NDArray[np.float32]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Prices:
    """What is taken off the logarithm of the likelihood.

    ``change``: for another voice than the window before. ``voice``: for a new voice. ``beyond``: for one more than are tracked, and
    again for each observation that goes to it.
    """

    change: float
    voice: float
    beyond: float


@dataclass(frozen=True, slots=True, eq=False)
class Voices:
    """What is known of ``k`` voices.

    ``sums``: of windows' vectors, each times its evidence and the voice's share, shape ``(k, d)``. ``evidence``: the sums of
    evidence times the shares of two voices, shape ``(k, k)``.
    """

    sums: Numbers
    evidence: Numbers

    @classmethod
    def of(cls, vectors: Vectors, evidence: Numbers, shares: Numbers) -> Voices:
        """Adds up windows: ``vectors`` of shape ``(n, d)``, ``evidence`` ``(n,)``, ``shares`` of each voice in each ``(n, k)``."""
        weighted = (evidence[:, np.newaxis] * shares).T
        return cls(weighted @ vectors, weighted @ shares)


@dataclass(frozen=True, slots=True)
class VoiceLikelihood:
    """The model's four figures.

    ``within``: squared distance of a window from its voice, on average; ``between``: of voices from the origin. Embeddings have
    unit length, so the two add up to about 1. ``manner``: of the places of one voice from each other's mean. ``dimension``: in how
    many directions embeddings vary by themselves.

    A window with evidence 1 counts as one independent observation; windows that overlap, or are short, count for less.
    """

    within: float
    between: float
    manner: float
    dimension: float

    @property
    def doubt(self) -> float:
        """How many observations what is known of a voice beforehand is worth."""
        return self.within / self.between

    def places(self, voices: Voices) -> Numbers:
        """Where voices are expected to lie, shape ``(k, d)``; the less is known of one, the closer to the origin."""
        known = voices.evidence + self.doubt * np.eye(len(voices.evidence))
        return np.asarray(np.linalg.solve(known, voices.sums), dtype=np.float64)

    def of_windows(self, products: Numbers, squares: Numbers, unknown: Numbers, evidence: float) -> Numbers:
        """Log-likelihoods of windows, less a constant.

        ``products``: of the window and the place where it is expected; ``squares``: of that place's length; ``unknown``: how many
        observations the expectation is short of, as ``1 / n``; ``evidence``: of the window. Shapes go together by NumPy's rules.
        """
        spread = self.within * (1.0 / evidence + unknown)
        distance = 1.0 - 2.0 * products + squares
        likelihood: Numbers = -0.5 * self.dimension * (np.log(spread * evidence / self.within) + distance / spread)
        return likelihood

    def same(self, products: Numbers, inverse: Numbers) -> Numbers:
        """Log-odds that two groups of windows are one voice in two manners rather than two voices, shape ``(..., k, k)``.

        ``products``: of the sums of two groups, ``inverse``: of their evidence with a little more on its diagonal (``HARDLY``), so
        that groups without any may be among them; shape ``(..., k, k)``.
        """
        places = inverse @ products @ inverse
        apart, unknown_apart = _of_differences(places), _of_differences(inverse)
        mean, unknown_mean = _of_means(places), _of_means(inverse)
        odds = _log_ratio(apart, self.within * unknown_apart, one=2 * self.manner, two=2 * self.between)
        odds += _log_ratio(mean, self.within * unknown_mean, one=self.between - self.manner / 2, two=self.between / 2)
        result: Numbers = 0.5 * self.dimension * odds
        return result

    def of_voices(self, voices: Voices) -> float:
        """Log-likelihood of all windows, by the shares that ``voices`` were made with, against each window alone in the world."""
        explained = float((voices.sums * self.places(voices)).sum()) / self.within
        _, certainty = np.linalg.slogdet(np.eye(len(voices.evidence)) + voices.evidence / self.doubt)
        return 0.5 * self.dimension * (explained - float(certainty))


def _of_differences(products: Numbers) -> Numbers:
    lengths = np.diagonal(products, axis1=-2, axis2=-1)
    return np.asarray(lengths[..., :, np.newaxis] + lengths[..., np.newaxis, :] - 2 * products)


def _of_means(products: Numbers) -> Numbers:
    lengths = np.diagonal(products, axis1=-2, axis2=-1)
    return np.asarray((lengths[..., :, np.newaxis] + lengths[..., np.newaxis, :] + 2 * products) / 4)


def _log_ratio(squares: Numbers, unknown: Numbers, *, one: float, two: float) -> Numbers:
    """Of normal densities in one direction, twice the logarithm: variance ``one`` against ``two``, both with ``unknown`` more."""
    first, second = one + unknown, two + unknown
    return np.asarray(np.log(second / first) - squares * (1 / first - 1 / second))
