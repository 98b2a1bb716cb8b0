"""Places of the speakers of a session, for voiceprints and recognition: mean embeddings of windows that hear one voice alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from speaker_tracker.events import SAMPLE_RATE
from speaker_tracker_stages.assigning.arrays import Floats, Labels, unit_length
from speaker_tracker_stages.assigning.evidence import MIN_PURITY, NOBODY, Evidence, Item

MIN_PRINT_SECONDS = 5.0
"""Minimum speech of a voiceprint."""
MIN_WORTH = 0.5
"""Minimum evidence of a window, as a share of that of a full window of one voice; what is worth less is overlapped or cut short."""


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where tracked speakers lie in the space of embeddings; of ``k`` speakers.

    ``speakers``: their ids. ``means``: mean embeddings, shape ``(k, d)``. ``evidence``: observations of each, shape ``(k,)``.
    """

    speakers: tuple[int, ...]
    means: Floats
    evidence: Floats


def places(evidence: Evidence, per_second: float, *, strict: bool = False) -> Places:
    """Places of all tracked speakers of whom any evidence is left. ``per_second``: what a second of speech is worth.

    Windows that hear another speaker for a good part are left out; with ``strict``, so are those that are overlapped or were cut
    short, and those that sound more like another speaker than like their own.
    """
    items = _heard_alone(evidence, per_second * MIN_WORTH if strict else 0.0)
    if not items:
        return Places((), np.zeros((0, 0)), np.zeros(0))
    labels = np.array([item.label for item in items], dtype=np.intp)
    weights = np.array([item.weight for item in items])
    vectors = np.stack([item.vector for item in items]).astype(np.float64)
    if strict:
        clear = _clear(vectors, labels)
        vectors, weights = vectors * clear[:, np.newaxis], weights * clear
    speakers = np.unique(labels)
    own = speakers[:, np.newaxis] == labels
    total = own @ weights
    known = total > 0
    means = (own @ vectors)[known] / total[known, np.newaxis]
    return Places(tuple(int(speaker) for speaker in speakers[known]), means, total[known])


def _heard_alone(evidence: Evidence, least_per_second: float) -> list[Item]:
    least = least_per_second / SAMPLE_RATE
    alone = [
        item
        for item, share in zip(evidence.recent, _own_shares(evidence.recent).tolist(), strict=True)
        if share >= MIN_PURITY and item.weight >= least * item.samples
    ]
    return [item for item in [*evidence.groups, *alone] if item.label != NOBODY and item.weight > 0]


def _own_shares(windows: Sequence[Item]) -> Floats:
    """The share of labelled speech that each window heard and that has its own label, shape ``(n,)``, 0 to 1."""
    if not windows:
        return np.zeros(0)
    starts, ends = np.array([item.stretches[0] for item in windows], dtype=np.float64).T
    heard_starts, heard_ends = np.array([item.heard for item in windows], dtype=np.float64).T
    labels = np.array([item.label for item in windows], dtype=np.intp)
    total = _covered(starts, ends, heard_starts, heard_ends)
    own = np.zeros(len(windows))
    for label in np.unique(labels):
        of_label = labels == label
        own[of_label] = _covered(starts[of_label], ends[of_label], heard_starts[of_label], heard_ends[of_label])
    return np.where(total > 0, own / np.maximum(total, 1.0), 1.0)


def _covered(starts: Floats, ends: Floats, firsts: Floats, lasts: Floats) -> Floats:
    """How much of each interval from ``firsts`` to ``lasts`` the stretches cover, which are in order; shape ``(m,)``."""
    bounds = np.stack([starts, ends], axis=1).ravel()
    before = np.stack([np.r_[0.0, np.cumsum(ends - starts)[:-1]], np.cumsum(ends - starts)], axis=1).ravel()
    return np.asarray(np.interp(lasts, bounds, before) - np.interp(firsts, bounds, before))


def _clear(vectors: Floats, labels: Labels) -> Floats:
    """1 for items that are no further from the rest of their own speaker's than from another's, else 0; shape ``(n,)``."""
    speakers = np.unique(labels)
    own = labels[:, np.newaxis] == speakers
    sums = own.T @ vectors
    windows = unit_length(vectors).astype(np.float64)
    to_others = np.where(own, -np.inf, windows @ unit_length(sums).T).max(axis=1)
    to_own = (windows * unit_length(sums[own.argmax(axis=1)] - vectors)).sum(axis=1)
    alone = own.sum(axis=0)[own.argmax(axis=1)] == 1
    return np.asarray((alone | (to_own >= to_others)).astype(np.float64))
