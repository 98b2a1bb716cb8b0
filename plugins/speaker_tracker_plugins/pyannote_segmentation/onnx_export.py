"""Export of segmentation-3.0 for ONNX Runtime, by ``speaker-tracker models export``.

The export is compared with the original before it is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events import SAMPLE_RATE
from speaker_tracker.models import ModelError, cache_folder
from speaker_tracker.models.exported import exported_folder
from speaker_tracker.models.pyannote_segmentation import MODEL_ID, NAME, find_weights
from speaker_tracker_plugins.pyannote_segmentation.network import SegmentationNetwork
from speaker_tracker_plugins.pyannote_segmentation.onnx_backend import INPUT, NETWORK, OUTPUT, OnnxNetwork
from speaker_tracker_plugins.pyannote_segmentation.powerset import WINDOW, WINDOW_S
from speaker_tracker_plugins.pyannote_segmentation.torch_backend import TorchNetwork, load_network
from speaker_tracker_stages.speechbrain_embedding.onnx_export.graph import write_traced
from speaker_tracker_stages.speechbrain_embedding.onnx_export.target_folder import check_target, working_folder

MOST_DIFFERENCE = 0.001
"""Between probabilities of the exported network and the original's."""


@dataclass(frozen=True, slots=True)
class SegmentationExport:
    """A finished export. ``difference``: the largest between its probabilities and the original's."""

    folder: Path
    difference: float


def export(cache: Path | None, output: Path | None = None) -> SegmentationExport:
    """Exports segmentation-3.0 with the weights that are fetched or come with an installed package.

    ``cache``: as for ``cache_folder``. ``output``: the folder to make, by default where ``pyannote_segmentation`` looks for it. An
    earlier export is replaced once the new one is complete; any other folder is left alone. Raises ``ModelError`` and
    ``MissingExtraError``.
    """
    return export_network(load_network(find_weights("auto", cache_folder(cache))), output or exported_folder(cache, NAME))


def export_network(network: SegmentationNetwork, target: Path) -> SegmentationExport:
    """Exports ``network`` into the folder ``target``, as ``export``."""
    check_target(target, NETWORK)
    windows = _probes()
    expected = TorchNetwork(network)(windows)
    with working_folder(target) as working:
        _write(network, working / NETWORK)
        difference = float(np.abs(OnnxNetwork(working / NETWORK)(windows) - expected).max())
        if difference > MOST_DIFFERENCE:
            raise ModelError(f"{MODEL_ID} cannot be exported: the network gives other probabilities, by up to {difference:.4f}")
    return SegmentationExport(target, difference)


def _write(network: SegmentationNetwork, file: Path) -> None:
    import torch  # noqa: PLC0415 - typed as the exporter takes it

    write_traced(network, torch.zeros(2, WINDOW), file, (INPUT, OUTPUT), {INPUT: {0: "batch"}, OUTPUT: {0: "batch"}})


def _probes() -> NDArray[np.float32]:
    """Three windows in which tones of changing pitch take turns with quiet noise, shape ``(3, WINDOW)``."""
    time = np.arange(WINDOW) / SAMPLE_RATE
    noise = np.random.default_rng(0).normal(0, 0.01, (3, WINDOW))
    pitch = np.array([110, 160, 230])[:, np.newaxis] * (1 + 0.1 * np.sin(2 * np.pi * 3 * time))
    phase = 2 * np.pi * np.cumsum(pitch, 1) / SAMPLE_RATE
    voice = sum(np.sin(partial * phase) / partial for partial in range(1, 12))
    turns = np.sin(2 * np.pi * (time / WINDOW_S * 5 + np.arange(3)[:, np.newaxis] / 3)) > 0
    return np.asarray(0.1 * voice * turns + noise, np.float32)
