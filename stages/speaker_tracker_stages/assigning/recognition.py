"""Recognition of known voices: how likely a voice of a session is each of the persons whose voiceprints a client has brought.

An open set: a voice may be anybody's. The model is the two-covariance model that docs/assigner.md describes, for voices of two
sessions (Brümmer and de Villiers, "The speaker partitioning problem", Odyssey 2010): a person's position varies from session to
session by the channel variance, and persons' positions around what all voices have in common by the variance between voices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events import VoiceCalibration
from speaker_tracker.protocol import KnownVoice
from speaker_tracker_stages.assigning.arrays import Floats

EVIDENCE_PER_SECOND = 1.2
"""Independent observations that a second of the speech of a voiceprint is worth."""
MAX_PRINT_EVIDENCE = 60.0
"""Maximum observations that a voiceprint counts for."""
CHANNEL_FACTOR = 2.5
"""Factor on ``channel_variance``: rooms, telephones and days differ more than the recordings that models are measured on."""
MIN_ATTENUATION = 0.3
"""Lower bound of the factor by which noise shortens the squared lengths of positions."""
PRIOR_KNOWN = 0.8
"""Probability that a voice is one of the known ones, before it is heard."""


@dataclass(frozen=True, slots=True, eq=False)
class Recognition:
    """What the known voices' prints say. ``names``: of the ``p`` persons, each once."""

    names: tuple[str, ...]
    person_of: NDArray[np.intp]
    vectors: Floats
    evidence: Floats
    measured: VoiceCalibration

    @classmethod
    def of(cls, known: Sequence[KnownVoice], measured: VoiceCalibration) -> Recognition:
        """From the prints of a session, one at least, all of the model that ``measured`` is of."""
        names = tuple(dict.fromkeys(voice.name for voice in known))
        vectors = np.array([voice.voiceprint.values for voice in known], dtype=np.float64)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1.0)
        seconds = np.array([voice.voiceprint.seconds for voice in known])
        evidence = np.minimum(seconds * EVIDENCE_PER_SECOND, MAX_PRINT_EVIDENCE)
        persons = np.array([names.index(voice.name) for voice in known], dtype=np.intp)
        return cls(names, persons, vectors, evidence, measured)

    def log_odds(self, means: Floats, evidence: Floats) -> Floats:
        """Log-likelihood ratios that voices are each person rather than somebody unknown, shape ``(v, p)``.

        ``means``: mean embeddings of the voices, shape ``(v, d)``; ``evidence``: observations each is made of, shape ``(v,)``.
        """
        figures = self.measured
        within, between, channel = figures.within_variance, figures.between_variance, CHANNEL_FACTOR * figures.channel_variance
        errors = channel + within / self.evidence
        weights = 1.0 / (between + errors)
        common_precision = weights.sum() + 1.0 / max(figures.common_variance, 1e-6)
        common = (weights @ self.vectors) / common_precision
        shrinkage = between / (between + errors)
        places = common + shrinkage[:, np.newaxis] * (self.vectors - common)
        spread = shrinkage * errors
        noise = channel + within / np.maximum(evidence, 1e-6)
        squares = np.square(means).sum(axis=1) - within / np.maximum(evidence, 1e-6)
        attenuation = (squares / (between + figures.common_variance)).clip(MIN_ATTENUATION, 1.0)
        scale = np.sqrt(attenuation)[:, np.newaxis]
        of_prints = _log_density(
            _squared_distances(means, places, scale), attenuation[:, np.newaxis] * spread + noise[:, np.newaxis], figures
        )
        of_unknown = _log_density(
            _squared_distances(means, common[np.newaxis], scale),
            attenuation[:, np.newaxis] * (between + 1.0 / common_precision) + noise[:, np.newaxis],
            figures,
        )
        ratios = of_prints - of_unknown
        return np.stack([_mean_of_logs(ratios[:, self.person_of == person]) for person in range(len(self.names))], axis=1)

    def posterior_log_odds(self, means: Floats, evidence: Floats) -> Floats:
        """Log-odds that voices are each person against somebody unknown, with what is expected beforehand, shape ``(v, p)``."""
        return self.log_odds(means, evidence) + np.log(PRIOR_KNOWN / len(self.names)) - np.log(1.0 - PRIOR_KNOWN)

    def probabilities(self, log_odds: Floats) -> Floats:
        """Probabilities that voices are each person, shape ``(v, p)``; the rest to 1 is that of being somebody unknown."""
        prior = np.log(PRIOR_KNOWN / len(self.names)) - np.log(1.0 - PRIOR_KNOWN)
        scores = np.concatenate([np.zeros((len(log_odds), 1)), log_odds + prior], axis=1)
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(scores[:, 1:] / scores.sum(axis=1, keepdims=True))


def _squared_distances(means: Floats, places: Floats, scale: Floats) -> Floats:
    """Between voices and places, which are shortened by ``scale``, shape ``(v, p)``."""
    squares = np.square(means).sum(axis=1, keepdims=True) + np.square(scale) * np.square(places).sum(axis=1)
    return np.asarray(squares - 2.0 * scale * (means @ places.T))


def _log_density(squares: Floats, variances: Floats, figures: VoiceCalibration) -> Floats:
    return np.asarray(-0.5 * figures.effective_dimension * (np.log(variances) + squares / variances))


def _mean_of_logs(ratios: Floats) -> Floats:
    """Logarithm of the mean likelihood ratio over the prints of one person, shape ``(v,)``."""
    highest = ratios.max(axis=1, keepdims=True)
    return np.asarray(highest[:, 0] + np.log(np.exp(ratios - highest).mean(axis=1)))
