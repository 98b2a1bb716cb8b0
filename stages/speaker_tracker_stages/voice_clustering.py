"""How many voices there are and what each sounds like: KMeans on unit-length embeddings, with the number chosen by evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Vectors = NDArray[np.float32]

RESTARTS = 3
FINAL_RESTARTS = 10
MIN_ITEMS_PER_VOICE = 2


@dataclass(frozen=True, slots=True)
class Separation:
    """When two groups of embeddings are two voices.

    ``distinct``: largest cosine between the centroids of two voices, once there is much of both. ``doubt``: by how much less it
    must be with one second of the rarer one; falls with the square root of its time. ``foreign``: largest cosine between a voice
    beyond those tracked and any other. ``min_seconds``: speech that makes a voice, ``foreign_seconds`` one beyond those tracked.
    """

    distinct: float
    doubt: float
    foreign: float
    min_seconds: float
    foreign_seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """What is clustered: unit vectors, shape ``(n, d)``; the weight and the seconds of speech of each, shape ``(n,)``."""

    vectors: Vectors
    weights: NDArray[np.float64]
    seconds: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Voices:
    """Unit-length centroids, shape ``(k, d)``, and the voice of each item, shape ``(n,)``."""

    centroids: Vectors
    labels: NDArray[np.intp]

    def seconds(self, items: Items) -> NDArray[np.float64]:
        """Speech of each voice, shape ``(k,)``."""
        return np.bincount(self.labels, items.seconds, minlength=len(self.centroids)).astype(np.float64)


def unit(vectors: NDArray[np.floating]) -> Vectors:
    """``vectors`` brought to length 1 along the last axis; those of length 0 stay."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


def find_voices(items: Items, max_voices: int, separation: Separation, seed: Vectors, *, final: bool = False) -> Voices:
    """The largest number of voices up to ``max_voices`` that are all distinct; one if no two are.

    ``seed``: centroids known so far, shape ``(k, d)``, tried as a start besides random ones. ``final``: try harder.
    """
    restarts = FINAL_RESTARTS if final else RESTARTS
    for count in range(min(max_voices, len(items.vectors) // MIN_ITEMS_PER_VOICE), 1, -1):
        voices = _kmeans(items, count, seed, restarts)
        if _distinct(voices, items, separation):
            return voices
    everyone = unit(items.weights @ items.vectors)[np.newaxis]
    return Voices(everyone, np.zeros(len(items.vectors), dtype=np.intp))


def find_foreign(items: Items, voices: Voices, separation: Separation) -> Voices | None:
    """More voices than ``voices`` where there plainly are: one or two beyond them, far from every other. None if not."""
    found = None
    for count in (len(voices.centroids) + 1, len(voices.centroids) + 2):
        if len(items.vectors) < count * MIN_ITEMS_PER_VOICE:
            break
        more = _kmeans(items, count, np.empty((0, items.vectors.shape[1]), np.float32), RESTARTS)
        rarest = more.seconds(items).min()
        if 0 < rarest >= separation.foreign_seconds and max(_cosines(more.centroids), default=-1.0) <= separation.foreign:
            found = more
    return found


def _kmeans(items: Items, count: int, seed: Vectors, restarts: int) -> Voices:
    from sklearn.cluster import KMeans  # noqa: PLC0415 - heavy, only where the stage is used

    with _libraries().limit(limits=1, user_api="openmp"):
        fits = [KMeans(count, n_init=restarts, random_state=0).fit(items.vectors, sample_weight=items.weights)]
        if len(seed) == count:
            fits.append(KMeans(count, init=seed, n_init=1).fit(items.vectors, sample_weight=items.weights))
    best = min(fits, key=lambda fit: fit.inertia_)
    return Voices(unit(best.cluster_centers_), best.labels_.astype(np.intp))


@cache
def _libraries() -> ThreadpoolController:
    """Sessions run side by side; a clustering that takes all cores for itself would only get in their way.

    How many threads OpenMP takes is a matter of each thread that asks for them, so sessions do not meet here.
    """
    import sklearn.cluster  # noqa: F401, PLC0415 - its libraries must be loaded to be found
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415

    return ThreadpoolController()


def _distinct(voices: Voices, items: Items, separation: Separation) -> bool:
    seconds = voices.seconds(items)
    if seconds.min() < separation.min_seconds or not seconds.min():
        return False
    rarer = np.minimum.outer(seconds, seconds)
    limits = separation.distinct - separation.doubt / np.sqrt(rarer)
    above = np.triu_indices(len(seconds), 1)
    return bool(np.all((voices.centroids @ voices.centroids.T)[above] <= limits[above]))


def _cosines(centroids: Vectors) -> Iterator[float]:
    above = np.triu_indices(len(centroids), 1)
    yield from (centroids @ centroids.T)[above].tolist()
