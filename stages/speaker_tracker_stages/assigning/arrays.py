"""Array types of the assigners, and scaling to unit length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""Embeddings, shape ``(..., d)``."""
Floats = NDArray[np.float64]
Labels = NDArray[np.intp]
"""Voices or speakers by number, one for each item, shape ``(n,)``."""


def unit_length(vectors: NDArray[np.floating]) -> Vectors:
    """``vectors`` scaled to length 1 along the last axis; zero vectors stay zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
