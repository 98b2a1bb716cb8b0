"""Export of a voice model that SpeechBrain loads for ONNX Runtime, in full precision and with weights of eight bits.

The features are not part of the graph: their constants are stored beside it and NumPy computes them, so that the mean of a session
can be subtracted between the two. The export is compared with the original before it is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from speaker_tracker.events import VoiceModel
from speaker_tracker.models import ModelError, resolve
from speaker_tracker.models.calibration import CALIBRATION, write_model
from speaker_tracker.models.exported import FEATURES, NETWORKS, exported_folder
from speaker_tracker_stages.speechbrain_embedding.encoder import load_encoder
from speaker_tracker_stages.speechbrain_embedding.network import SpeechBrainNetwork
from speaker_tracker_stages.speechbrain_embedding.onnx_export.comparison import Batches, least_cosine
from speaker_tracker_stages.speechbrain_embedding.onnx_export.features import export_features
from speaker_tracker_stages.speechbrain_embedding.onnx_export.graph import write_graph, write_quantized
from speaker_tracker_stages.speechbrain_embedding.onnx_export.probe_audio import probe_windows
from speaker_tracker_stages.speechbrain_embedding.onnx_export.target_folder import check_target, working_folder

FLOAT32_COSINE = 0.999
"""Minimum cosine between embeddings of the exported network and the original's."""
INT8_COSINE = 0.99
"""The same for the network with weights of eight bits."""


@dataclass(frozen=True, slots=True)
class Export:
    """A finished export. ``float32``, ``int8``: the least cosine between embeddings of the exported network and the original's.

    ``int8`` is None where that network is not similar enough, and was not kept.
    """

    folder: Path
    model: VoiceModel
    float32: float
    int8: float | None


def export(source: str, cache: Path | None, output: Path | None = None, *, trusted: bool = False) -> Export:
    """Exports the model that ``source`` names, as for ``speaker_tracker.models.resolve``.

    ``output``: the folder to make, by default where ``onnx_embedding`` looks for it. An earlier export is replaced once the new one
    is complete; any other folder is left alone. ``trusted``: whether a model folder may run code of its own. Raises ``ModelError``
    and ``MissingExtraError``.
    """
    folder = resolve(source, cache)
    encoder = load_encoder(folder.path, trusted=trusted)
    network = SpeechBrainNetwork(encoder)
    if not network.normalizes_by_mean:
        raise ModelError(f"{folder.name} cannot be exported: it does not normalize its features by their mean alone")
    target = output if output is not None else exported_folder(cache, folder.model.name)
    check_target(target)
    windows = probe_windows()
    features = export_features(encoder.mods.compute_features, network, windows)
    centred = [batch - batch.mean(axis=1, keepdims=True) for batch in map(features, windows)]
    expected = [network.embed(batch) for batch in centred]
    model = replace(folder.model, dimension=expected[0].shape[1])
    with working_folder(target) as working:
        write_graph(encoder.mods.embedding_model, features.filterbank.shape[1], working / NETWORKS["float32"])
        float32 = least_cosine(working / NETWORKS["float32"], centred, expected)
        if float32 < FLOAT32_COSINE:
            raise ModelError(f"{folder.name} cannot be exported: the network gives other embeddings (cosine {float32:.4f})")
        int8: float | None = _quantized(working, centred, expected)
        features.save(working / FEATURES)
        write_model(model, working / CALIBRATION)
    return Export(target, model, float32, int8)


def _quantized(folder: Path, centred: Batches, expected: Batches) -> float | None:
    """Makes the network with weights of eight bits; answers with its least cosine, or None where it was not kept."""
    file = folder / NETWORKS["int8"]
    write_quantized(folder / NETWORKS["float32"], file)
    cosine = least_cosine(file, centred, expected)
    if cosine < INT8_COSINE:
        file.unlink()
        return None
    return cosine
