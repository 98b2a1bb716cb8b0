"""A ``VoiceNetwork`` made of the parts of SpeechBrain's ``EncoderClassifier``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from speaker_tracker.stagekit.voice_encoder import EmbedPadded
from speaker_tracker_stages.ecapa_mini_network import EcapaMini

if TYPE_CHECKING:
    from speechbrain.inference.classifiers import EncoderClassifier


NATIVE_BFLOAT16 = ("avx512_bf16", "amx_bf16")
"""Instructions, by the names of ``torch.cpu.get_capabilities``, that multiply in bfloat16 faster than in float32."""


def has_native_bfloat16() -> bool:
    """Whether this machine's CPU computes in bfloat16 faster than in float32."""
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in NATIVE_BFLOAT16)


class SpeechBrainNetwork:
    """Features, normalization and embedding model of ``encoder``, one thread for each call.

    ``bfloat16``: whether the embedding model multiplies in bfloat16, with sums in float32.
    """

    def __init__(self, encoder: EncoderClassifier, *, bfloat16: bool = False) -> None:
        torch.set_num_threads(1)
        encoder.eval()
        self._modules = encoder.mods
        self._bfloat16 = bfloat16

    @property
    def normalizes_by_mean(self) -> bool:
        """Whether the model normalizes features by subtracting their mean, and in no other way."""
        own = self._modules.mean_var_norm
        return bool(own.norm_type == "sentence" and not own.std_norm)

    def features(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Features of samples, as ``VoiceNetwork.features``."""
        with torch.inference_mode():
            return _array(self._modules.compute_features(torch.from_numpy(samples)))

    def normalized(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Features with the model's normalization, as ``VoiceNetwork.normalized``."""
        with torch.inference_mode():
            return _array(self._modules.mean_var_norm(torch.from_numpy(features[np.newaxis]), torch.ones(1))[0])

    def embed(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embeddings of normalized features, as ``VoiceNetwork.embed``."""
        return self._embed(features, None)

    @property
    def embed_padded(self) -> EmbedPadded | None:
        """``EmbedPadded``; None where what lies behind a window has an effect, as in SpeechBrain's own networks."""
        return self._padded if isinstance(self._modules.embedding_model, EcapaMini) else None

    def _padded(self, features: NDArray[np.float32], lengths: NDArray[np.intp]) -> NDArray[np.float32]:
        return self._embed(features, torch.from_numpy(lengths / features.shape[1]))

    def _embed(self, features: NDArray[np.float32], shares: torch.Tensor | None) -> NDArray[np.float32]:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self._bfloat16):
            return _array(self._modules.embedding_model(torch.from_numpy(features), shares)[:, 0].float())


def _array(tensor: torch.Tensor) -> NDArray[np.float32]:
    return np.asarray(tensor.numpy(), np.float32)
