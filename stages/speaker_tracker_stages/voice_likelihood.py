"""How likely windows are to come from one voice or another: a two-covariance model of embeddings, the same in every direction.

Each voice has a place in the space of embeddings, and each of its windows lies around it (Brümmer and de Villiers, "The speaker
partitioning problem", Odyssey 2010). Places are not known but integrated out, so a voice heard little is held to little, and the
question whether two groups are one voice or two has an answer without a threshold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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

    ``sums``: of their windows' vectors, each times its evidence, shape ``(k, d)``. ``evidence``: the sums of that, shape ``(k,)``.
    """

    sums: Numbers
    evidence: Numbers

    @classmethod
    def of(cls, vectors: Vectors, evidence: Numbers, labels: NDArray[np.intp], count: int) -> Voices:
        """Adds windows up by their labels, 0 .. ``count - 1``."""
        shares = evidence * (labels == np.arange(count)[:, np.newaxis])
        return cls(shares @ vectors, shares.sum(axis=1))


@dataclass(frozen=True, slots=True)
class VoiceLikelihood:
    """The model's three figures.

    ``within``: squared distance of a window from its voice, on average; ``between``: of voices from the origin. Embeddings have
    unit length, so the two add up to about 1. ``dimension``: in how many directions embeddings vary by themselves.

    A window with evidence 1 counts as one independent observation; windows that overlap, or are short, count for less.
    """

    within: float
    between: float
    dimension: float

    def of_windows(self, products: Numbers, squares: Numbers, voice_evidence: Numbers, evidence: Numbers | float) -> Numbers:
        """Log-likelihoods of windows, less a constant.

        ``products``: of the window and the voice's sum; ``squares``: of the sum's length; ``voice_evidence``: of that voice, 0
        where never heard; ``evidence``: of the window. Shapes go together by NumPy's rules.
        """
        certain = voice_evidence * self.between + self.within
        pull = self.between / certain
        doubt = pull * self.within
        distance = 1.0 - 2.0 * pull * products + pull**2 * squares
        spread = self.within / evidence + doubt
        likelihood: Numbers = -0.5 * self.dimension * (np.log(spread * evidence / self.within) + distance / spread)
        return likelihood

    def of_voices(self, voices: Voices) -> float:
        """Log-likelihood of all windows, grouped as they are in ``voices``, against each window alone in the world."""
        certain = self.within + voices.evidence * self.between
        explained = np.square(voices.sums).sum(axis=1) * self.between / (self.within * certain)
        return float(0.5 * self.dimension * (explained - np.log(certain / self.within)).sum())
