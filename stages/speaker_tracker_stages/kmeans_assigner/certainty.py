"""The probability that a label is right, from how clearly a window sounds like its voice: logistic regression on two figures.

The posterior of the beam search is of no use for that: it takes the model of voices for the truth, and is 1 nearly everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from speaker_tracker_stages.assigning.arrays import Floats, unit_length
from speaker_tracker_stages.assigning.evidence import NOBODY, Item

LEAST_MARGIN, MOST_MARGIN = -0.2, 0.45
"""Bounds of the margin; what is beyond makes no difference."""
MOST_EVIDENCE = 20.0
"""Evidence of a voice, in observations, beyond which more makes no difference."""
PER_MARGIN, PER_EVIDENCE, CONSTANT = 8.66, 1.76, -0.74
"""Log-odds of a right label: for a margin of 1, for ``MOST_EVIDENCE``, and in any case.

Fitted by maximum likelihood, weighted by time, on the 26 conversations of docs/accuracy.md with the embedded model. Figures that
are fitted on the half with even numbers (7.27, 1.38, -0.11) and with odd ones (9.94, 2.04, -1.21) have an expected calibration
error of 0.021 and 0.012 on the other half. ``speaker-tracker evaluate MANIFEST --confidence`` measures it.
"""


def confidences(items: Sequence[Item]) -> Floats:
    """The probability that each item's label is right, shape ``(n,)``, 0 to 1. ``items``: all evidence, n >= 1.

    Two figures decide. The margin: the cosine of an item and all else of its voice, less that of the item and the most similar
    other voice. The evidence: what else is known of its voice, beyond the windows that follow each other without another voice or
    a pause between.
    """
    vectors = np.stack([item.vector for item in items]).astype(np.float64)
    weights = np.array([item.weight for item in items])
    voices = np.array([item.voice for item in items])
    own = voices[:, np.newaxis] == np.arange(max(0, int(voices.max())) + 1)
    sums, evidence = own.T @ vectors, own.T @ weights
    with_own = np.where(voices != NOBODY, voices, 0)
    windows = unit_length(vectors)
    to_voices = windows @ unit_length(sums).T
    to_own = (windows * unit_length(sums[with_own] - vectors)).sum(axis=1)
    to_others = np.where(own | (evidence <= 0), -np.inf, to_voices).max(axis=1)
    margin = to_own - np.where(np.isfinite(to_others), to_others, 0.0)
    known = evidence[with_own] - _evidence_of_runs(items, voices, weights)
    log_odds = (
        PER_MARGIN * np.clip(margin, LEAST_MARGIN, MOST_MARGIN) + PER_EVIDENCE * np.clip(known / MOST_EVIDENCE, 0.0, 1.0) + CONSTANT
    )
    probabilities: Floats = 1.0 / (1.0 + np.exp(-log_odds))
    return probabilities


def _evidence_of_runs(items: Sequence[Item], voices: np.ndarray, weights: Floats) -> Floats:
    """Evidence of the consecutive windows of one voice that each item is among, shape ``(n,)``."""
    begins = [True] + [
        bool(after != before) or later.stretches[0][0] != earlier.stretches[-1][1]
        for before, after, earlier, later in zip(voices, voices[1:], items, items[1:], strict=False)
    ]
    runs = np.cumsum(begins) - 1
    return np.asarray(np.bincount(runs, weights=weights)[runs], dtype=np.float64)
