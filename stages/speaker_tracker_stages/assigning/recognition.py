"""Recognition of known voices: how likely a voice of a session is each of the persons whose voiceprints a client has brought.

An open set: a voice may be anybody's. The model is the two-covariance model that docs/assigner.md describes, for voices of two
sessions (Brümmer and de Villiers, "The speaker partitioning problem", Odyssey 2010): a person's position varies from session to
session by the channel variance, and persons' positions around what all voices have in common by the variance between voices.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events import VoiceCalibration
from speaker_tracker.protocol import KnownVoice
from speaker_tracker_stages.assigning.arrays import Floats
from speaker_tracker_stages.assigning.calibrations import MIN_ATTENUATION

EVIDENCE_PER_SECOND = 1.2
"""Independent observations that a second of the speech of a voiceprint is worth."""
MAX_PRINT_EVIDENCE = 60.0
"""Maximum observations that a voiceprint counts for."""
CHANNEL_FACTOR = 2.5
"""Factor on ``channel_variance``: rooms, telephones and days differ more than the recordings that models are measured on."""
PRIOR_KNOWN = 0.8
"""Probability that a voice is one of the known ones, before it is heard."""


class Recognition:
    """What the prints of known voices say, ``n`` prints of ``p`` persons.

    ``names``: of the persons, each once. ``person_of``: whose each print is, shape ``(n,)``, in order. ``vectors``: the prints,
    shape ``(n, d)``, of length 1 at most; ``evidence``: observations that each is made of, shape ``(n,)``.
    """

    def __init__(
        self, names: tuple[str, ...], person_of: NDArray[np.intp], vectors: Floats, evidence: Floats, measured: VoiceCalibration
    ) -> None:
        self.names, self.person_of, self.vectors, self.evidence, self.measured = names, person_of, vectors, evidence, measured
        errors = CHANNEL_FACTOR * measured.channel_variance + measured.within_variance / evidence
        between = measured.between_variance
        weights = 1.0 / (between + errors)
        precision = float(weights.sum()) + 1.0 / max(measured.common_variance, 1e-6)
        common = (weights @ vectors) / precision
        shrinkage = between / (between + errors)
        # Where a person is expected, print by print, and last where somebody unknown is: around what all voices have in common.
        places = common + shrinkage[:, np.newaxis] * (vectors - common)
        self._places: Floats = np.concatenate([places, common[np.newaxis]])
        self._squares: Floats = np.square(self._places).sum(axis=1)
        self._spread: Floats = np.append(shrinkage * errors, between + 1.0 / precision)
        self._first_prints = np.flatnonzero(np.diff(person_of, prepend=-1))
        self._log_counts: Floats = np.log(np.bincount(person_of))

    @classmethod
    def of(cls, known: Sequence[KnownVoice], measured: VoiceCalibration) -> Recognition:
        """From the prints of a session, one at least, all of the model that ``measured`` is of."""
        names = tuple(dict.fromkeys(voice.name for voice in known))
        ordered = sorted(known, key=lambda voice: names.index(voice.name))
        vectors = np.array([voice.voiceprint.values for voice in ordered], dtype=np.float64)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1.0)
        seconds = np.array([voice.voiceprint.seconds for voice in ordered])
        evidence = np.minimum(seconds * EVIDENCE_PER_SECOND, MAX_PRINT_EVIDENCE)
        person_of = np.array([names.index(voice.name) for voice in ordered], dtype=np.intp)
        return cls(names, person_of, vectors, evidence, measured)

    def moved(self, shift: Floats) -> Recognition:
        """The same with all prints moved by ``shift``, shape ``(d,)``."""
        return Recognition(self.names, self.person_of, self.vectors + shift, self.evidence, self.measured)

    def log_odds(self, means: Floats, evidence: Floats) -> Floats:
        """Log-likelihood ratios that voices are each person rather than somebody unknown, shape ``(v, p)``.

        ``means``: mean embeddings of the voices, shape ``(v, d)``; ``evidence``: observations each is made of, above 0, shape
        ``(v,)``. Of several prints of a person, the mean likelihood counts.
        """
        measured = self.measured
        noise = measured.within_variance / evidence
        squares = np.square(means).sum(axis=1)
        # Noise shortens positions, so that what is expected is shortened, too.
        attenuation = (squares - noise) / (measured.between_variance + measured.common_variance)
        attenuation = attenuation.clip(MIN_ATTENUATION, 1.0)[:, np.newaxis]
        distances = squares[:, np.newaxis] + attenuation * self._squares - 2.0 * np.sqrt(attenuation) * (means @ self._places.T)
        variances = attenuation * self._spread + (CHANNEL_FACTOR * measured.channel_variance + noise)[:, np.newaxis]
        densities = -0.5 * measured.effective_dimension * (np.log(variances) + distances / variances)
        ratios = densities[:, :-1] - densities[:, -1:]
        return np.asarray(np.logaddexp.reduceat(ratios, self._first_prints, axis=1) - self._log_counts)

    def posterior_log_odds(self, means: Floats, evidence: Floats) -> Floats:
        """Log-odds that voices are each person against somebody unknown, with what is expected beforehand, shape ``(v, p)``."""
        return np.asarray(self.log_odds(means, evidence) + math.log(PRIOR_KNOWN / len(self.names) / (1.0 - PRIOR_KNOWN)))

    def probabilities(self, means: Floats, evidence: Floats) -> Floats:
        """Probabilities that voices are each person, shape ``(v, p)``; the rest to 1 is that of being somebody unknown."""
        unknown = np.zeros((len(means), 1))
        scores = np.concatenate([unknown, self.posterior_log_odds(means, evidence)], axis=1)
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(scores[:, 1:] / scores.sum(axis=1, keepdims=True))
