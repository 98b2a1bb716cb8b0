"""The Silero network by ONNX Runtime, without PyTorch: the ONNX form of the package silero-vad."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events import SAMPLE_RATE
from speaker_tracker.models import ModelError
from speaker_tracker.stagekit.onnx_session import open_onnx

WEIGHTS = "silero_vad_16k_op15.onnx"


class OnnxNetwork:
    """A ``SileroNetwork`` whose parts are one model: frames are encoded where they are decided."""

    def __init__(self) -> None:
        """Raises ``UserError`` where ONNX Runtime or the weights are missing."""
        self._session = open_onnx(_weights(), "silero_vad with backend onnx")
        self._rate = np.array(SAMPLE_RATE, np.int64)

    @staticmethod
    def encode(frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """The frames as they are."""
        return frames

    def decide(self, encoded: NDArray[np.float32], states: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Probabilities and states of frames, ``(n, m, 576)``, as ``SileroNetwork.decide``."""
        columns = []
        for number in range(encoded.shape[1]):
            probabilities, states = self._session.run(None, {"input": encoded[:, number], "state": states, "sr": self._rate})
            columns.append(probabilities)
        return np.concatenate(columns, axis=1), states


def _weights() -> Path:
    found = find_spec("silero_vad")  # imports nothing: the package's own import would bring PyTorch
    folders = found.submodule_search_locations if found is not None else None
    if not folders:
        raise ModelError("the package silero-vad, which carries the model, is not installed; run: pip install silero-vad")
    weights = Path(folders[0]) / "data" / WEIGHTS
    if not weights.is_file():
        raise ModelError(f"the package silero-vad lacks {weights}; install a version from 6.2 on and below 7")
    return weights
