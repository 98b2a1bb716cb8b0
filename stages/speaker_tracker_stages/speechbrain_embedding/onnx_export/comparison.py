"""How near the embeddings of an exported network are to those of the original."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.stagekit.onnx_session import open_onnx
from speaker_tracker_stages.speechbrain_embedding.onnx_export.graph import PURPOSE

Batches: TypeAlias = Sequence[NDArray[np.float32]]
"""Features less their mean, shape ``(windows, frames, bands)``, or embeddings, ``(windows, d)``; one array a length of windows."""


def least_cosine(file: Path, centred: Batches, expected: Batches) -> float:
    """The least cosine, -1 to 1, between embeddings of ``centred`` features by the network in ``file`` and ``expected`` ones."""
    session = open_onnx(file, PURPOSE)
    least = 1.0
    for batch, wanted in zip(centred, expected, strict=True):
        one_by_one = [session.run(None, {"features": one[np.newaxis]})[0].reshape(-1) for one in batch]
        given: NDArray[np.float32] = np.stack(one_by_one)
        lengths = np.linalg.norm(given, axis=1) * np.linalg.norm(wanted, axis=1)
        least = min(least, float(((given * wanted).sum(axis=1) / lengths).min()))
    return least
