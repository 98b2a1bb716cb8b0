"""CAM++ by PyTorch, from the published weights."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from speaker_tracker.models import ModelError
from speaker_tracker.models.campplus import read_weights
from speaker_tracker_plugins.campplus_embedding.features import filter_banks, less_mean
from speaker_tracker_plugins.campplus_embedding.network import CamPlusPlus


class TorchNetwork:
    """A ``VoiceNetwork`` made of ``network``, one thread for each call."""

    features = staticmethod(filter_banks)
    normalized = staticmethod(less_mean)

    def __init__(self, network: CamPlusPlus) -> None:
        torch.set_num_threads(1)
        self._network = network.eval()

    def embed(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embeddings of normalized features, as ``VoiceNetwork.embed``."""
        with torch.inference_mode():
            return np.asarray(self._network(torch.from_numpy(features)).numpy(), np.float32)


def load_network(weights: Path) -> CamPlusPlus:
    """The network with the weights of the file, whose digest is checked before it is opened. Raises ``ModelError``."""
    content = read_weights(weights)
    network = CamPlusPlus()
    try:
        network.load_state_dict(torch.load(io.BytesIO(content), map_location="cpu", weights_only=True))
    except (RuntimeError, pickle.UnpicklingError) as error:
        raise ModelError(f"{weights} does not hold the weights of CAM++: {str(error).splitlines()[0]}") from error
    return network.eval()
