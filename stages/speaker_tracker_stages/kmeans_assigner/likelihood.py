"""Likelihood of embeddings given who speaks when: a two-covariance model that is isotropic, with positions integrated out.

The model (two covariances: Brümmer and de Villiers, "The speaker partitioning problem", Odyssey 2010; close to PLDA: Prince and
Elder, ICCV 2007), with D the effective dimension and I the identity:

- voices have a common mean c ~ N(0, M/D I), as those of one kind of recording are alike;
- voice v has a position m_v ~ N(c, B/D I) in the space of embeddings;
- window i, in which voice v has the share s_iv and which is worth n_i observations, has the embedding
  x_i ~ N(sum_v s_iv m_v, W/(n_i D) I).

Given the shares, that is a Bayesian linear regression of embeddings on shares (Bishop, "Pattern Recognition and Machine
Learning", 2006, sections 3.3 and 3.5), so positions are integrated out in closed form, and the common mean with them. With
E = sum_i n_i s_i s_i^T, S = sum_i n_i s_i x_i^T and the prior precision P = W (B I + M 1 1^T)^-1, in observations:

- posterior mean of the positions: Y = (E + P)^-1 S;
- a further window with shares s: x ~ N(Y^T s, W/D (1/n + s^T (E + P)^-1 s) I);
- all windows: log p(X) = D/2 (tr(S^T Y)/W - log det(I + E P^-1)) + a term that does not depend on the shares.

One voice has several positions, as people read, call, laugh and tire: these vary by the style variance around the voice's own.
``merge_log_odds`` compares groups of windows with that in mind; docs/assigner.md has the whole model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.assigning.arrays import Floats, Vectors
from speaker_tracker_stages.assigning.calibrations import MIN_ATTENUATION

EVIDENCE_FLOOR = 0.05
"""Observations that are added to every group where groups are compared, so that those without any can be among them."""


@dataclass(frozen=True, slots=True, eq=False)
class VoiceStatistics:
    """Sufficient statistics of windows for ``k`` voices; of one grouping, or of several along further axes in front.

    ``sums``: S of the model, sums of embeddings, each times the window's evidence and the voice's share, shape ``(..., k, d)``.
    ``evidence``: E of the model, sums of evidence times the shares of two voices, shape ``(..., k, k)``.
    """

    sums: Floats
    evidence: Floats

    @classmethod
    def of(cls, vectors: Vectors, evidence: Floats, shares: Floats) -> VoiceStatistics:
        """Statistics of windows: ``vectors``, shape ``(n, d)``; ``evidence``, ``(n,)``; ``shares`` of the voices, ``(n, k)``."""
        weighted = (evidence[:, np.newaxis] * shares).T
        return cls(weighted @ vectors, weighted @ shares)


@dataclass(frozen=True, slots=True)
class VoiceLikelihood:
    """The parameters of the model. Variances are those of all directions together; embeddings have length 1.

    ``within``: W of the model, mean squared distance of a window of evidence 1 from its voice's position. ``between``: B of the
    model, mean squared distance of positions from their common mean. ``style``: mean squared distance of one voice's positions
    from their mean; ``channel``: the same of a voice that may have changed its channel, such as a microphone or a room.
    ``dimension``: D of the model, in how many directions embeddings vary independently, as its covariances are far from isotropic.
    ``common``: M of the model, squared length of the common mean; with ``within`` and ``between`` it adds up to about 1.
    """

    within: float
    between: float
    style: float
    channel: float
    dimension: float
    common: float = 0.0

    def prior_precision(self, voices: int) -> Floats:
        """Precision of the prior of the positions of k = ``voices`` voices, in observations: P of the model, shape ``(k, k)``."""
        shared = self.common / (self.between + voices * self.common)
        return self.within / self.between * (np.eye(voices) - shared)

    def positions(self, voices: VoiceStatistics) -> Floats:
        """Posterior means of the positions, shape ``(..., k, d)``; with little evidence they are close to the common mean."""
        precision = voices.evidence + self.prior_precision(voices.evidence.shape[-1])
        return np.asarray(np.linalg.solve(precision, voices.sums), dtype=np.float64)

    def predictive(self, products: Floats, squares: Floats, uncertainty: Floats, evidence: float) -> Floats:
        """Log predictive density of a window, less a term that does not depend on its voices.

        ``products``: inner product of the window and its expectation. ``squares``: squared length of the expectation.
        ``uncertainty``: variance of the expectation, as a share of ``within``. ``evidence``: of the window, in observations. Shapes
        are broadcast.
        """
        variance = self.within * (1.0 / evidence + uncertainty)
        distance = 1.0 - 2.0 * products + squares
        log_density: Floats = -0.5 * self.dimension * (np.log(variance * evidence / self.within) + distance / variance)
        return log_density

    def marginal(self, voices: VoiceStatistics) -> Floats:
        """Log marginal likelihood of all windows, less a term that does not depend on their shares, shape ``(...)``.

        Voices without any window make no difference.
        """
        explained = (voices.sums * self.positions(voices)).sum(axis=(-1, -2)) / self.within
        identity = np.eye(voices.evidence.shape[-1])
        prior = (self.between * identity + self.common) / self.within
        _, log_determinant = np.linalg.slogdet(identity + voices.evidence @ prior)
        return np.asarray(0.5 * self.dimension * (explained - log_determinant))

    def merge_log_odds(self, products: Floats, inverse: Floats, *, alone: bool | NDArray[np.bool_] = False) -> Floats:
        """Log-odds that two groups of windows are one voice in two styles rather than two voices, shape ``(..., k, k)``.

        ``products``: inner products of the groups' sums, ``S S^T``; ``inverse``: inverse of their evidence with ``EVIDENCE_FLOOR``
        on the diagonal; shapes ``(..., k, k)``.

        Two positions y and z of one voice have a difference of variance 2 ``style`` and a mean of variance ``between`` less half
        of ``style``; those of two voices, 2 ``between`` and half of ``between``; ``common`` is part of either mean. Errors
        of difference and mean are taken to be independent. ``alone``: there is no third voice, so ``channel`` takes the place of
        ``style``; broadcast.
        """
        estimates = inverse @ products @ inverse
        difference, difference_error = _of_differences(estimates), self.within * _of_differences(inverse)
        mean, mean_error = _of_means(estimates), self.within * _of_means(inverse)
        between = self.between * self._attenuation(estimates, inverse)
        spread = between * (np.where(alone, self.channel, self.style) / self.between)
        ratio = _log_ratio(difference, difference_error, one_voice=2 * spread, two_voices=2 * between)
        common = self.common * between / self.between
        ratio += _log_ratio(mean, mean_error, one_voice=common + between - spread / 2, two_voices=common + between / 2)
        log_odds: Floats = 0.5 * self.dimension * ratio
        return log_odds

    def _attenuation(self, estimates: Floats, inverse: Floats) -> Floats:
        """Factor by which noise shortens the squared lengths of two groups' positions, shape ``(..., k, k)``.

        The squared length of a position is ``between`` and ``common`` together on average; windows that are alike in what all of
        them lack, as noisy ones are, have positions closer to the origin, and to each other.
        """
        squares = np.diagonal(estimates, axis1=-2, axis2=-1) - self.within * np.diagonal(inverse, axis1=-2, axis2=-1)
        mean = (squares[..., :, np.newaxis] + squares[..., np.newaxis, :]) / 2
        return np.asarray((mean / (self.between + self.common)).clip(MIN_ATTENUATION, 1.0))


def _of_differences(products: Floats) -> Floats:
    """Squared lengths of pairwise differences, out of inner products."""
    squares = np.diagonal(products, axis1=-2, axis2=-1)
    return np.asarray(squares[..., :, np.newaxis] + squares[..., np.newaxis, :] - 2 * products)


def _of_means(products: Floats) -> Floats:
    """Squared lengths of pairwise means, out of inner products."""
    squares = np.diagonal(products, axis1=-2, axis2=-1)
    return np.asarray((squares[..., :, np.newaxis] + squares[..., np.newaxis, :] + 2 * products) / 4)


def _log_ratio(squares: Floats, error: Floats, *, one_voice: Floats, two_voices: Floats) -> Floats:
    """Twice the log ratio of two normal densities of mean 0, for each of D directions; ``error`` adds to either variance."""
    one, two = one_voice + error, two_voices + error
    return np.asarray(np.log(two / one) - squares * (1 / one - 1 / two))
