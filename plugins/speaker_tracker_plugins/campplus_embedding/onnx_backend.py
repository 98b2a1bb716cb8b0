"""CAM++ by ONNX Runtime, without PyTorch: what ``speaker-tracker models export --source campplus`` made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.models import ModelError
from speaker_tracker.models.campplus import NAME
from speaker_tracker.models.exported import EXPORT_COMMAND, NETWORKS, Precision, exported_folder
from speaker_tracker.models.folder import missing_files
from speaker_tracker.stagekit.onnx_session import open_onnx
from speaker_tracker_plugins.campplus_embedding.features import filter_banks, less_mean

EXPORT_CAMPPLUS = f"{EXPORT_COMMAND} --source {NAME}"


class OnnxNetwork:
    """A ``VoiceNetwork`` made of an exported network.

    In both precisions windows may share a call: weights of eight bits are made floating-point when the network is opened, and
    activations are not rounded, so that windows of one session change nothing for another.
    """

    features = staticmethod(filter_banks)
    normalized = staticmethod(less_mean)

    def __init__(self, file: Path) -> None:
        self._session = open_onnx(file, "campplus_embedding with backend onnx")

    def embed(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embeddings of normalized features, as ``VoiceNetwork.embed``."""
        vectors: NDArray[np.float32] = self._session.run(None, {"features": features})[0]
        return vectors


def find_export(source: str, precision: Precision, cache: Path | None) -> Path:
    """The folder of the exported network that ``source`` names, ``auto`` or a path; ``cache`` as for ``cache_folder``.

    Raises ``ModelError`` where there is none, or none in ``precision``.
    """
    folder = exported_folder(cache, NAME) if source == "auto" else Path(source).expanduser()
    if missing_files(folder, (NETWORKS["float32"],)):
        raise ModelError(f"there is no exported CAM++ in {folder}; run `{EXPORT_CAMPPLUS}`")
    if missing_files(folder, (NETWORKS[precision],)):
        raise ModelError(f"{folder} has no network in {precision}; set the precision to float32 or run `{EXPORT_CAMPPLUS}` again")
    return folder
