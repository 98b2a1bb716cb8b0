"""Exports a voice model that SpeechBrain loads for ONNX Runtime, in full precision and with weights of eight bits.

The features are not part of the graph: their constants are stored beside it and NumPy computes them, so that the mean of a session
can be subtracted between the two. What was exported is compared with the original before it is kept.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.errors import MissingExtraError
from speaker_tracker.events import SAMPLE_RATE, SpeechAudio, VoiceModel
from speaker_tracker.log_mel import LogMel
from speaker_tracker.models import ModelError, resolve
from speaker_tracker.models.exported import FEATURES, NETWORKS, exported_folder
from speaker_tracker.models.folder import CALIBRATION
from speaker_tracker.onnx_session import open_onnx
from speaker_tracker.testing import of_type, sample_events
from speaker_tracker_stages.speechbrain_embedding.encoder import load_encoder
from speaker_tracker_stages.speechbrain_embedding.network import SpeechBrainNetwork

if TYPE_CHECKING:
    from speechbrain.lobes.features import Fbank
    from torch.nn import Module

PURPOSE = "exporting a model"
FLOAT32_COSINE = 0.999
"""Embeddings of the exported network agree at least so well with the original's."""
INT8_COSINE = 0.99
FEATURES_DB = 0.01
"""Features of NumPy are at most so far from the original's."""
WINDOW_SAMPLES = (24_000, 16_000, 11_000)
"""Lengths that are compared."""


@dataclass(frozen=True, slots=True)
class Export:
    """What came of it. ``float32``, ``int8``: the least cosine between embeddings of the exported network and the original's.

    ``int8`` is None where that network was not kept because it is not near enough.
    """

    folder: Path
    model: VoiceModel
    float32: float
    int8: float | None


def export(source: str, cache: Path | None, output: Path | None = None) -> Export:
    """Exports the model that ``source`` names, as for ``speaker_tracker.models.resolve``.

    ``output``: the folder to make, by default where ``onnx_embedding`` looks for it; an export that is there is replaced once the
    new one is whole, any other folder is left alone. Raises ``ModelError`` and ``MissingExtraError``.
    """
    folder = resolve(source, cache)
    encoder = load_encoder(folder.path)
    network = SpeechBrainNetwork(encoder)
    if not network.normalizes_by_mean:
        raise ModelError(f"{folder.name} cannot be exported: it does not normalize its features by their mean alone")
    target = output if output is not None else exported_folder(cache, folder.model.name)
    _check_target(target)
    windows = _windows()
    features = _log_mel(encoder.mods.compute_features, network, windows)
    centred = [batch - batch.mean(axis=1, keepdims=True) for batch in map(features, windows)]
    expected = [network.embed(batch) for batch in centred]
    model = VoiceModel(folder.model.name, expected[0].shape[1], folder.model.same_voice_cosine, folder.model.calibrated_seconds)
    with _working_folder(target) as working:
        _write_network(encoder.mods.embedding_model, features.filterbank.shape[1], working / NETWORKS["float32"])
        float32 = _least_cosine(working / NETWORKS["float32"], centred, expected)
        if float32 < FLOAT32_COSINE:
            raise ModelError(f"{folder.name} cannot be exported: the network gives other embeddings (cosine {float32:.4f})")
        int8: float | None = _quantized(working, centred, expected)
        features.save(working / FEATURES)
        _write_calibration(model, working / CALIBRATION)
    return Export(target, model, float32, int8)


def _check_target(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / FEATURES).is_file():
        raise ModelError(f"{folder} holds something else than an exported model; give a folder that is empty or does not exist yet")


def _windows() -> list[NDArray[np.float32]]:
    """Batches of speech-like audio, each of windows of one length."""
    samples = np.concatenate([event.samples for event in of_type(SpeechAudio, sample_events({SpeechAudio}))])
    return [
        np.stack([samples[start : start + length] for start in range(0, len(samples) - length, SAMPLE_RATE // 2)])
        for length in WINDOW_SAMPLES
    ]


def _log_mel(module: Any, network: SpeechBrainNetwork, windows: list[NDArray[np.float32]]) -> LogMel:
    """The features of ``module``, computed by NumPy."""
    from speechbrain.lobes.features import Fbank  # noqa: PLC0415 - a second of import

    if not isinstance(module, Fbank):
        raise ModelError(f"a model whose features are {type(module).__name__} cannot be exported; it must be SpeechBrain's Fbank")
    features = _constants(module)
    for batch in windows:
        own, expected = features(batch), network.features(batch)
        if own.shape != expected.shape or not np.allclose(own, expected, rtol=0, atol=FEATURES_DB):
            raise ModelError("the model's features cannot be exported: only log mel filterbanks without deltas and context can")
    return features


def _constants(module: Fbank) -> LogMel:
    import torch  # noqa: PLC0415

    spectrum, bank = module.compute_STFT, module.compute_fbanks
    bins = spectrum.n_fft // 2 + 1
    logarithmic, bank.log_mel = bank.log_mel, False
    try:
        with torch.inference_mode():
            filterbank = bank(torch.eye(bins)[None])[0].numpy()
    finally:
        bank.log_mel = logarithmic
    window = np.asarray(spectrum.window.numpy(), np.float32)
    around = spectrum.n_fft - len(window)
    return LogMel(
        window=np.pad(window, (around // 2, around - around // 2)),
        filterbank=np.asarray(filterbank, np.float32),
        hop=int(spectrum.hop_length),
        floor=float(bank.amin),
        range_db=float(bank.top_db),
    )


def _write_network(network: Module, bands: int, file: Path) -> None:
    import torch  # noqa: PLC0415

    for package in ("onnx", "onnxscript"):
        try:
            __import__(package)
        except ModuleNotFoundError as error:
            raise MissingExtraError.of(PURPOSE, package, "onnx-export") from error
    example = torch.zeros(3, 151, bands)
    with _quiet():
        torch.onnx.export(
            network.eval(),
            (example,),
            file,
            dynamo=True,
            external_data=False,
            input_names=["features"],
            output_names=["embedding"],
            dynamic_shapes=({0: "batch", 1: "frames"},),
            verbose=False,
        )


def _quantized(folder: Path, centred: list[NDArray[np.float32]], expected: list[NDArray[np.float32]]) -> float | None:
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415
    from onnxruntime.quantization.shape_inference import quant_pre_process  # noqa: PLC0415

    prepared, file = folder / "prepared.onnx", folder / NETWORKS["int8"]
    with _quiet():
        quant_pre_process(str(folder / NETWORKS["float32"]), str(prepared), skip_symbolic_shape=True)
        # Convolutions of eight bits are slower than those of 32, and lose more.
        quantize_dynamic(
            str(prepared), str(file), weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gemm"]
        )
    prepared.unlink()
    cosine = _least_cosine(file, centred, expected)
    if cosine < INT8_COSINE:
        file.unlink()
        return None
    return cosine


def _least_cosine(file: Path, centred: list[NDArray[np.float32]], expected: list[NDArray[np.float32]]) -> float:
    session = open_onnx(file, PURPOSE)
    least = 1.0
    for batch, wanted in zip(centred, expected, strict=True):
        one_by_one = [session.run(None, {"features": one[np.newaxis]})[0].reshape(-1) for one in batch]
        given: NDArray[np.float32] = np.stack(one_by_one)
        lengths = np.linalg.norm(given, axis=1) * np.linalg.norm(wanted, axis=1)
        least = min(least, float(((given * wanted).sum(axis=1) / lengths).min()))
    return least


def _write_calibration(model: VoiceModel, file: Path) -> None:
    values = {
        "name": model.name,
        "dimension": model.dimension,
        "same_voice_cosine": model.same_voice_cosine,
        "calibrated_seconds": model.calibrated_seconds,
    }
    file.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


@contextmanager
def _working_folder(target: Path) -> Iterator[Path]:
    """A folder beside ``target`` that takes its place at the end, unless something was raised."""
    working = target.parent / f".exporting-{uuid.uuid4().hex}"
    try:
        working.mkdir(parents=True)
        yield working
        shutil.rmtree(target, ignore_errors=True)
        working.rename(target)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise ModelError(f"{target} cannot be written to ({reason}); give another folder with --output") from error
    finally:
        shutil.rmtree(working, ignore_errors=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter and the quantizer tell of operators and steps that are of no use to whoever exports a model."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir", "root")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
