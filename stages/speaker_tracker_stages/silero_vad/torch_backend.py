"""The Silero network by PyTorch: the TorchScript form of the package silero-vad."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.silero_vad.model import SileroNetwork


def torch_network() -> SileroNetwork:
    """Loads the network; PyTorch is held to one thread from then on."""
    import torch  # noqa: PLC0415 - heavy, only where the backend is used
    from silero_vad import load_silero_vad  # noqa: PLC0415

    torch.set_num_threads(1)
    # The wrapper keeps one state for all callers; the network inside it takes the state as an argument.
    network = load_silero_vad()._model  # noqa: SLF001

    def run(frames: NDArray[np.float32], states: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        with torch.inference_mode():
            probabilities, after = network(torch.from_numpy(frames), torch.from_numpy(states))
        return probabilities[:, 0].numpy(), after.numpy()

    return run
