"""Vectors for a state that is to be kept: less than a byte for each value.

Values are rounded to steps of a twelfth of the vector's own root mean square at most, which turns it by a few hundredths of its
length at most (cosine 0.9997). Consecutive windows of speech overlap, so vectors resemble the ones before them: only differences
are kept, and compressed.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.stage import State, StateMismatch

STEPS_PER_RMS = 24.0
LARGEST = 127

CHUNK = 40
"""Vectors that are packed together; a chunk that has not changed need not be packed again."""


class VectorPacker:
    """Packs vectors, again and again, at the cost of those that are new. Vectors must not be changed in place."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], tuple[Sequence[NDArray[np.float32]], State]] = {}

    def packed(self, vectors: Sequence[NDArray[np.float32]]) -> list[State]:
        """Vectors, float32, each of shape ``(d,)`` or empty, in chunks; what was packed before is packed to the same again."""
        chunks = [vectors[first : first + CHUNK] for first in range(0, len(vectors), CHUNK)]
        # Vectors are remembered along with their chunk, so no other vector can have the identity of one of them.
        known = {}
        for chunk in chunks:
            key = tuple(map(id, chunk))
            known[key] = self._known.get(key) or (chunk, _packed(chunk))
        self._known = known
        return [state for _, state in known.values()]


def unpacked(chunks: Sequence[State]) -> list[NDArray[np.float32]]:
    """Vectors of chunks that ``VectorPacker`` made. Raises ``StateMismatch`` where their parts do not belong together."""
    return [vector for chunk in chunks for vector in _unpacked(chunk)]


def _packed(vectors: Sequence[NDArray[np.float32]]) -> State:
    width = max(map(len, vectors), default=0)
    present = np.array([len(vector) > 0 for vector in vectors], dtype=bool)
    matrix = np.array([vector for vector in vectors if len(vector)], np.float32).reshape(int(present.sum()), width)
    rms = np.sqrt(np.square(matrix).mean(axis=1)) if width else np.zeros(0, np.float32)
    peaks = np.abs(matrix).max(axis=1, initial=0.0)
    # Powers of two, so that values come back as they are packed; no larger value than a byte holds.
    steps = np.exp2(np.ceil(np.log2(np.maximum(np.maximum(rms / STEPS_PER_RMS, peaks / LARGEST), np.finfo(np.float32).tiny))))
    rounded = np.rint(matrix / steps[:, np.newaxis]).astype(np.int8).view(np.uint8)
    differences = np.diff(rounded, axis=0, prepend=np.zeros((1, width), np.uint8))  # of bytes, which wrap
    compressor = zlib.compressobj(level=1, strategy=zlib.Z_HUFFMAN_ONLY)  # nothing repeats, but small values are frequent
    data = compressor.compress(differences.tobytes()) + compressor.flush()
    return {
        "present": present,
        "width": width,
        "steps": np.asarray(steps, np.float32),
        "differences": np.frombuffer(data, np.uint8),
    }


def _unpacked(state: State) -> list[NDArray[np.float32]]:
    present = np.asarray(state["present"], dtype=bool)
    steps = np.asarray(state["steps"], dtype=np.float32)
    width = cast(int, state["width"])
    size = len(steps) * width
    try:
        data = zlib.decompressobj().decompress(np.asarray(state["differences"], np.uint8).tobytes(), size + 1)
    except zlib.error as error:
        raise StateMismatch("the vectors of the state are damaged") from error
    if len(data) != size or len(steps) != int(present.sum()):
        raise StateMismatch("the vectors of the state do not belong together")
    differences = np.frombuffer(data, np.uint8).reshape(len(steps), width)
    rounded = np.cumsum(differences, axis=0, dtype=np.uint8).view(np.int8)
    rows = iter(cast("Sequence[NDArray[np.float32]]", rounded.astype(np.float32) * steps[:, np.newaxis]))
    return [next(rows).copy() if one else np.empty(0, np.float32) for one in present.tolist()]
