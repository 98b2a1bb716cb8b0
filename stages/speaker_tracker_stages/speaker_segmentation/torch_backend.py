"""The network of ``segmentation-mini`` by PyTorch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.speaker_segmentation.model import TORCH_WEIGHTS, SegmentationNetwork, SessionState, embedded


def torch_network() -> SegmentationNetwork:
    """Loads the network; PyTorch is held to one thread from then on."""
    import torch  # noqa: PLC0415 - heavy, only where the backend is used

    from speaker_tracker_stages.speaker_segmentation.network import SegmentationMini, SegmentationState  # noqa: PLC0415

    torch.set_num_threads(1)
    network = SegmentationMini().eval()
    network.load_state_dict(torch.load(embedded(TORCH_WEIGHTS), map_location="cpu", weights_only=True))

    def run(features: NDArray[np.float32], state: SessionState) -> tuple[NDArray[np.float32], SessionState]:
        with torch.inference_mode():
            logits, after = network(torch.from_numpy(features), SegmentationState(*map(torch.from_numpy, state)))
        return logits.numpy(), tuple(part.numpy() for part in after)

    return run
