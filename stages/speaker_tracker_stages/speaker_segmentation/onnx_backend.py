"""The network of ``segmentation-mini`` by ONNX Runtime, without PyTorch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.stagekit.onnx_session import open_onnx
from speaker_tracker_stages.speaker_segmentation.model import ONNX_WEIGHTS, SegmentationNetwork, SessionState, embedded

STATE_NAMES = ("level", "features", "heard", "ahead", "decided")


def onnx_network() -> SegmentationNetwork:
    """Loads the network. Raises ``UserError`` where ONNX Runtime is missing."""
    session = open_onnx(embedded(ONNX_WEIGHTS), "speaker_segmentation with backend onnx")

    def run(features: NDArray[np.float32], state: SessionState) -> tuple[NDArray[np.float32], SessionState]:
        logits, *after = session.run(None, {"log_mel": features, **dict(zip(STATE_NAMES, state, strict=True))})
        return logits, tuple(after)

    return run
