"""Writing of a network's ONNX graph, in full precision and with weights of eight bits."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from speaker_tracker.errors import MissingExtraError

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

PURPOSE = "exporting a model"
NOISY_LOGGERS = ("torch.onnx", "onnxscript", "onnx_ir", "root")


def write_graph(network: Module, bands: int, file: Path) -> None:
    """Writes ``network``, from features of shape ``(batch, frames, bands)`` to an embedding. Raises ``MissingExtraError``."""
    import torch  # noqa: PLC0415

    _need("onnx", "onnxscript")
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


def write_traced_graph(network: Module, bands: int, file: Path) -> None:
    """As ``write_graph``, by PyTorch's older exporter: a twentieth of the time for a deep network without branches in its code."""
    import torch  # noqa: PLC0415

    axes = {"features": {0: "batch", 1: "frames"}, "embedding": {0: "batch"}}
    write_traced(network, torch.zeros(3, 151, bands), file, ("features", "embedding"), axes)


def write_traced(network: Module, example: Tensor, file: Path, names: tuple[str, str], axes: dict[str, dict[int, str]]) -> None:
    """Writes ``network`` as it treats ``example``, by PyTorch's older exporter. Raises ``MissingExtraError``.

    ``names``: of the input and the output. ``axes``: the names of those that may have another length, by input or output.
    """
    import torch  # noqa: PLC0415

    _need("onnx")
    given, made = names
    with _quiet():
        torch.onnx.export(
            network.eval(), (example,), str(file), dynamo=False, input_names=[given], output_names=[made], dynamic_axes=axes
        )


def _need(*packages: str) -> None:
    for package in packages:
        try:
            __import__(package)
        except ModuleNotFoundError as error:
            raise MissingExtraError.of(PURPOSE, package, "onnx-export") from error


def write_quantized(original: Path, file: Path) -> None:
    """Writes the graph in ``original`` with weights of eight bits to ``file``."""
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415
    from onnxruntime.quantization.shape_inference import quant_pre_process  # noqa: PLC0415

    prepared = file.with_name("prepared.onnx")
    with _quiet():
        quant_pre_process(str(original), str(prepared), skip_symbolic_shape=True)
        # Convolutions of eight bits are slower than those of 32, and lose more.
        quantize_dynamic(
            str(prepared), str(file), weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gemm"]
        )
    prepared.unlink()


@contextmanager
def _quiet() -> Iterator[None]:
    """Silences exporter and quantizer, whose notes on operators and steps are of no use to whoever exports a model."""
    loggers = [logging.getLogger(name) for name in NOISY_LOGGERS]
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
