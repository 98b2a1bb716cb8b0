"""Export of CAM++ for ONNX Runtime, in full precision and with weights of eight bits, by ``speaker-tracker models export``.

The features are not part of the graph; NumPy computes them. The export is compared with the original before it is kept.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.models import ModelError, cache_folder
from speaker_tracker.models.calibration import CALIBRATION, write_model
from speaker_tracker.models.campplus import NAME, find_weights
from speaker_tracker.models.exported import NETWORKS, exported_folder
from speaker_tracker_plugins.campplus_embedding.features import BANDS
from speaker_tracker_plugins.campplus_embedding.stage import voice_model
from speaker_tracker_plugins.campplus_embedding.torch_backend import TorchNetwork, load_network
from speaker_tracker_plugins.campplus_embedding.weight_quantization import quantize_weights
from speaker_tracker_stages.speechbrain_embedding.onnx_export import Export
from speaker_tracker_stages.speechbrain_embedding.onnx_export.comparison import least_cosine
from speaker_tracker_stages.speechbrain_embedding.onnx_export.graph import write_traced_graph
from speaker_tracker_stages.speechbrain_embedding.onnx_export.probe_audio import probe_windows
from speaker_tracker_stages.speechbrain_embedding.onnx_export.target_folder import check_target, working_folder

FLOAT32_COSINE = 0.9999
"""Minimum cosine between embeddings of the exported network and the original's."""
INT8_COSINE = 0.99
"""The same for the network with weights of eight bits."""


LONGEST = 80_000
"""Samples of the longest window that the stage hears; contexts longer than one segment are compared by it."""


def export(source: str, cache: Path | None, output: Path | None = None) -> Export:
    """Exports CAM++ with the weights that are fetched or come with an installed package.

    ``source``: ``campplus``. ``cache``: as for ``cache_folder``. ``output``: the folder to make, by default where
    ``campplus_embedding`` looks for it. An earlier export is replaced once the new one is complete; any other folder is left alone.
    Raises ``ModelError`` and ``MissingExtraError``.
    """
    network = load_network(find_weights("auto" if source == NAME else source, cache_folder(cache)))
    original = TorchNetwork(network)
    target = output if output is not None else exported_folder(cache, NAME)
    check_target(target, NETWORKS["float32"])
    centred = [features - features.mean(axis=1, keepdims=True) for features in map(original.features, _windows())]
    expected = [original.embed(batch) for batch in centred]
    with working_folder(target) as working:
        whole, small = working / NETWORKS["float32"], working / NETWORKS["int8"]
        write_traced_graph(network, BANDS, whole)
        float32 = least_cosine(whole, centred, expected)
        if float32 < FLOAT32_COSINE:
            raise ModelError(f"CAM++ cannot be exported: the network gives other embeddings (cosine {float32:.4f})")
        quantize_weights(whole, small)
        int8: float | None = least_cosine(small, centred, expected)
        if int8 is not None and int8 < INT8_COSINE:
            small.unlink()
            int8 = None
        write_model(voice_model(), working / CALIBRATION)
    return Export(target, voice_model(), float32, int8)


def _windows() -> list[NDArray[np.float32]]:
    """Batches of windows, float32, shape ``(n, length)``."""
    first, *rest = probe_windows()
    return [np.concatenate(list(first))[np.newaxis, -LONGEST:], first, *rest]
