"""segmentation-3.0 by ONNX Runtime, without PyTorch: what ``speaker-tracker models export`` made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.models import ModelError
from speaker_tracker.models.exported import EXPORT_COMMAND, NETWORKS, exported_folder
from speaker_tracker.models.folder import missing_files
from speaker_tracker.models.pyannote_segmentation import MODEL_ID, NAME
from speaker_tracker.stagekit.onnx_session import open_onnx

EXPORT_SEGMENTATION = f"{EXPORT_COMMAND} --source {NAME}"
NETWORK = NETWORKS["float32"]
INPUT, OUTPUT = "windows", "probabilities"


class OnnxNetwork:
    """A ``WindowNetwork`` made of an exported network."""

    def __init__(self, file: Path) -> None:
        self._session = open_onnx(file, "pyannote_segmentation with backend onnx")

    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """As ``WindowNetwork``."""
        said: NDArray[np.float32] = self._session.run(None, {INPUT: windows})[0]
        return said


def find_export(source: str, cache: Path | None) -> Path:
    """The folder of the exported network that ``source`` names, ``auto`` or a path; ``cache`` as for ``cache_folder``.

    Raises ``ModelError`` where there is none.
    """
    folder = exported_folder(cache, NAME) if source == "auto" else Path(source).expanduser()
    if missing_files(folder, (NETWORK,)):
        raise ModelError(f"there is no exported {MODEL_ID} in {folder}; run `{EXPORT_SEGMENTATION}`")
    return folder
