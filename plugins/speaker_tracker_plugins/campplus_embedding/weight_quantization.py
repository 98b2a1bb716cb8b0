"""Weights of eight bits in an ONNX graph whose activations stay floating-point."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnx import TensorProto

SMALLEST = 1024
"""Weights with fewer values stay as they are: scales and offsets."""
IMAGE_DIMENSIONS = 4
"""Weights of convolutions over time and frequency have so many. They stay as they are: few, and all else builds on them."""
LARGEST_INTEGER = 127


def quantize_weights(original: Path, file: Path) -> None:
    """Writes the graph in ``original`` to ``file``, its large weights as integers of eight bits with scales.

    Each output (first axis) of a weight has a scale of its own, and integers are symmetric about zero: an error of rounding is at
    most half of a 127th of the largest weight of an output. A runtime that opens the graph folds the two into the floating-point
    weight, so that the network is small to store and as fast as the original.
    """
    import onnx  # noqa: PLC0415 - of an extra; whoever lacks it is told when the graph is written
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415

    model = onnx.load(original)
    graph = model.graph
    large = [weight for weight in graph.initializer if _is_large(weight)]
    nodes = []
    for weight in large:
        integers, scale = quantized(numpy_helper.to_array(weight))
        name = weight.name
        graph.initializer.remove(weight)
        graph.initializer.append(numpy_helper.from_array(integers, f"{name}.int8"))
        graph.initializer.append(numpy_helper.from_array(scale, f"{name}.scale"))
        nodes.append(helper.make_node("Cast", [f"{name}.int8"], [f"{name}.float"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Mul", [f"{name}.float", f"{name}.scale"], [name]))
    rest = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *rest])
    onnx.save(model, file)


def quantized(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Integers and scales whose product is nearly ``weight``, shape ``(outputs, ...)``; scales have shape ``(outputs, 1, ...)``."""
    axes = tuple(range(1, weight.ndim))
    largest = np.abs(weight).max(axis=axes, keepdims=True)
    scale = np.where(largest > 0, largest / LARGEST_INTEGER, 1.0).astype(np.float32)
    return np.round(weight / scale).astype(np.int8), scale


def _is_large(weight: TensorProto) -> bool:
    from onnx import TensorProto  # noqa: PLC0415

    matrix = 1 < len(weight.dims) < IMAGE_DIMENSIONS
    return weight.data_type == TensorProto.FLOAT and matrix and int(np.prod(weight.dims)) >= SMALLEST
