"""segmentation-3.0 by PyTorch, from the published weights."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch.torch_version import TorchVersion

from speaker_tracker.models import ModelError
from speaker_tracker.models.pyannote_segmentation import MODEL_ID, read_weights
from speaker_tracker_plugins.pyannote_segmentation.network import SegmentationNetwork, renamed


class _Ignored:
    """Stands for classes of pyannote.audio whose objects lie in the file beside the weights; it does nothing."""

    def __new__(cls, *_: object) -> Self:
        return super().__new__(cls)

    def __setstate__(self, _: object) -> None:
        """Keeps nothing."""


IGNORED = [
    type(name, (_Ignored,), {"__module__": "pyannote.audio.core.task"}) for name in ("Resolution", "Problem", "Specifications")
]


class TorchNetwork:
    """A ``WindowNetwork`` made of ``network``, one thread for each call."""

    def __init__(self, network: SegmentationNetwork) -> None:
        torch.set_num_threads(1)
        self._network = network.eval()

    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """As ``WindowNetwork``."""
        with torch.inference_mode():
            return np.asarray(self._network(torch.from_numpy(windows)).numpy(), np.float32)


def load_network(weights: Path) -> SegmentationNetwork:
    """The network with the weights of the file, whose digest is checked before it is opened. Raises ``ModelError``.

    Nothing in the file is run: of objects that are no weights, only names are known, and their contents are left out.
    """
    content = read_weights(weights)
    network = SegmentationNetwork()
    try:
        with torch.serialization.safe_globals([*IGNORED, TorchVersion]):
            document = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        network.load_state_dict(renamed(document["state_dict"]))
    except (RuntimeError, KeyError, ValueError, pickle.UnpicklingError) as error:
        raise ModelError(f"{weights} does not hold the weights of {MODEL_ID}: {str(error).splitlines()[0]}") from error
    return network.eval().requires_grad_(requires_grad=False)
