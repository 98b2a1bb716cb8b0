"""Vectors for a state that is to be kept: a byte for each value, in a form that compresses well.

Values are rounded to steps of a twelfth of the vector's own root mean square at most, which turns it by a few hundredths of its
length at most (cosine 0.9997). Consecutive windows of speech overlap, so vectors resemble the ones before them: only differences
are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.stage import State, StateMismatch

STEPS_PER_RMS = 24.0
LARGEST = 127


def packed(vectors: Sequence[NDArray[np.float32]]) -> State:
    """Vectors, float32, each of shape ``(d,)`` or empty, as bytes; a vector that was packed before is packed to the same again."""
    width = max(map(len, vectors), default=0)
    present = np.array([len(vector) > 0 for vector in vectors], dtype=bool)
    matrix = np.array([vector for vector in vectors if len(vector)], np.float32).reshape(int(present.sum()), width)
    rms = np.sqrt(np.square(matrix).mean(axis=1)) if width else np.zeros(0, np.float32)
    peaks = np.abs(matrix).max(axis=1, initial=0.0)
    # Powers of two, so that values come back as they are packed; no larger value than a byte holds.
    steps = np.exp2(np.ceil(np.log2(np.maximum(np.maximum(rms / STEPS_PER_RMS, peaks / LARGEST), np.finfo(np.float32).tiny))))
    rounded = np.rint(matrix / steps[:, np.newaxis]).astype(np.int8).view(np.uint8)
    differences = np.diff(rounded, axis=0, prepend=np.zeros((1, width), np.uint8))  # of bytes, which wrap
    return {"present": present, "steps": np.asarray(steps, np.float32), "differences": differences}


def unpacked(state: State) -> list[NDArray[np.float32]]:
    """Vectors of a state that ``packed`` gave. Raises ``StateMismatch`` where its parts do not belong together."""
    present = np.asarray(state["present"], dtype=bool)
    steps = np.asarray(state["steps"], dtype=np.float32)
    differences = np.asarray(state["differences"], dtype=np.uint8)
    if differences.ndim != 2 or len(steps) != len(differences) or len(steps) != int(present.sum()):  # noqa: PLR2004
        raise StateMismatch("the vectors of the state do not belong together")
    rounded = np.cumsum(differences, axis=0, dtype=np.uint8).view(np.int8)
    rows = iter(cast("Sequence[NDArray[np.float32]]", rounded.astype(np.float32) * steps[:, np.newaxis]))
    return [next(rows).copy() if one else np.empty(0, np.float32) for one in present.tolist()]
