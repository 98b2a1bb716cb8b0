"""SpeechBrain's ``EncoderClassifier`` as the network of a ``VoiceEncoder``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

if TYPE_CHECKING:
    from speechbrain.inference.classifiers import EncoderClassifier


class SpeechBrainNetwork:
    """Features, normalization and embedding model of ``encoder``, one thread for each call."""

    def __init__(self, encoder: EncoderClassifier) -> None:
        torch.set_num_threads(1)
        encoder.eval()
        self._modules = encoder.mods

    @property
    def normalizes_by_mean(self) -> bool:
        """The model's own normalization is to subtract the mean of the features, and nothing else."""
        own = self._modules.mean_var_norm
        return bool(own.norm_type == "sentence" and not own.std_norm)

    def features(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """As ``VoiceNetwork`` says."""
        with torch.inference_mode():
            return _array(self._modules.compute_features(torch.from_numpy(samples)))

    def normalized(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """As ``VoiceNetwork`` says."""
        with torch.inference_mode():
            return _array(self._modules.mean_var_norm(torch.from_numpy(features[np.newaxis]), torch.ones(1))[0])

    def embed(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """As ``VoiceNetwork`` says."""
        with torch.inference_mode():
            return _array(self._modules.embedding_model(torch.from_numpy(features))[:, 0])


def _array(tensor: torch.Tensor) -> NDArray[np.float32]:
    return np.asarray(tensor.numpy(), np.float32)
