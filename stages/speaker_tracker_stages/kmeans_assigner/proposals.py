"""Groupings that KMeans proposes: centroids by k-means++ and Lloyd's algorithm, on evidence condensed to runs of speech.

Neighbouring windows share most of their audio, so a run of them that nobody interrupts is one item of KMeans.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.assigning.arrays import Floats, Labels, Vectors, unit_length
from speaker_tracker_stages.kmeans_assigner.observations import Observations

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

MAX_ITEMS = 240
"""Number of windows from which on several of a run are one item of KMeans."""
SEED = 0
"""Where random numbers begin, so that the same audio is tracked alike each time."""
CANDIDATES = 3
"""Number of items among which k-means++ chooses each further centroid."""


def kmeans_proposals(observed: Observations, current: Labels, most: int, starts: int) -> Iterator[NDArray[np.integer]]:
    """Groupings into 2 to ``most`` voices, with ``starts`` beginnings each, shape ``(n,)``.

    ``current``: the grouping so far, whose changes end runs. Stretches of the lookahead have the voice of the last window.
    """
    if most < 2:  # noqa: PLR2004 - one voice needs no KMeans
        return
    from sklearn import config_context  # noqa: PLC0415 - heavy, only where the stage is used
    from sklearn.cluster import KMeans  # noqa: PLC0415

    heard = len(current) - observed.lookahead
    run_of = _runs(observed, current)
    vectors, evidence = _condensed(observed, run_of)
    most = min(most, len(vectors))
    run_of = np.append(run_of, np.repeat(run_of[heard - 1], observed.lookahead))
    products = vectors @ vectors.T
    with libraries().limit(limits=1, user_api="openmp"), config_context(assume_finite=True, skip_parameter_validation=True):
        for seed in range(starts):
            for count in range(2, most + 1):
                centroids = vectors[_spread_out(products, evidence, count, seed)]
                fit = KMeans(count, init=centroids, n_init=1).fit(vectors, sample_weight=evidence)
                yield fit.labels_[run_of]


def _runs(observed: Observations, current: Labels) -> Labels:
    """The run that each group and each window is in, shape ``(n,)`` without the lookahead; numbered from 0 without gaps."""
    groups, heard = observed.groups, len(current) - observed.lookahead
    labels, windows = current[groups:heard], heard - groups
    begins = observed.overlap.after_pause[:windows].copy()
    begins[1:] |= labels[1:] != labels[:-1]
    begins[:1] = True
    ends = observed.seconds[groups:heard].cumsum()
    starts = ends - observed.seconds[groups:heard]
    since = starts - np.maximum.accumulate(np.where(begins, starts, 0.0))
    part = (since / max(1e-3, ends[-1] / MAX_ITEMS) + 1e-6).astype(np.intp)
    begins[1:] |= part[1:] != part[:-1]
    return np.concatenate([np.arange(groups), groups - 1 + begins.cumsum()])


def _condensed(observed: Observations, run_of: Labels) -> tuple[Vectors, Floats]:
    """Directions and evidence of runs, shapes ``(m, d)`` and ``(m,)``."""
    firsts = np.flatnonzero(np.diff(run_of, prepend=-1))
    evidence = observed.evidence[: len(run_of)]
    sums = np.add.reduceat(observed.vectors[: len(run_of)] * evidence[:, np.newaxis].astype(np.float32), firsts, axis=0)
    return unit_length(sums), np.add.reduceat(evidence, firsts)


def _spread_out(products: Vectors, evidence: Floats, count: int, seed: int) -> Labels:
    """Items for the first centroids by greedy k-means++, shape ``(count,)``.

    ``products``: inner products of unit-length items, shape ``(m, m)``. Beginnings differ from clustering to clustering, so that
    what one of them misses another finds.
    """
    random = np.random.default_rng((SEED, seed, count, len(evidence)))
    chosen = [int(_drawn(evidence, random.random(1))[0])]
    distances = 1.0 - products[chosen[0]].astype(np.float64)
    for _ in range(1, count):
        candidates = _drawn(evidence * distances.clip(0.0), random.random(CANDIDATES))
        closer = np.minimum(distances, 1.0 - products[candidates])
        best = int((closer @ evidence).argmin())
        chosen.append(int(candidates[best]))
        distances = closer[best]
    return np.array(chosen, dtype=np.intp)


def _drawn(weights: Floats, places: Floats) -> Labels:
    """Items at these ``places`` (0 to 1) of their cumulated weights."""
    total = weights.cumsum()
    items: Labels = total.searchsorted(places * total[-1], "right").clip(max=len(weights) - 1)
    return items


@cache
def libraries() -> ThreadpoolController:
    """The libraries whose threads are limited: sessions run side by side, and a clustering on all cores would hold them up.

    OpenMP keeps the number of threads for each calling thread, so sessions do not change it for each other.
    """
    import sklearn.cluster  # noqa: F401, PLC0415 - its libraries must be loaded to be found
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415

    return ThreadpoolController()
