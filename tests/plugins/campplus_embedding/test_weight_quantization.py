import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from speaker_tracker.stagekit.onnx_session import open_onnx
from speaker_tracker_plugins.campplus_embedding.weight_quantization import quantize_weights, quantized


def test_integers_times_scales_are_the_weights_to_half_a_step_of_each_output():
    weight = (
        np.random.default_rng(0).normal(size=(6, 40, 3)).astype(np.float32) * np.logspace(-3, 3, 6, dtype=np.float32)[:, None, None]
    )
    integers, scale = quantized(weight)

    assert (integers.dtype, scale.shape) == (np.int8, (6, 1, 1))
    assert np.all(np.abs(integers * scale - weight) <= scale * 0.501)


def test_an_output_without_weights_stays_without():
    integers, scale = quantized(np.zeros((2, 3), np.float32))

    assert not (integers * scale).any()


def test_a_graph_gets_smaller_and_says_nearly_the_same(tmp_path):
    generator = np.random.default_rng(1)
    weights = {"large": (64, 64, 1), "few": (8, 64, 1), "image": (64, 8, 3, 3)}
    inputs = [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", 64, "frames"])]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("hidden", "embedding")]
    nodes = [
        helper.make_node("Conv", ["features", "large"], ["hidden"]),
        helper.make_node("Conv", ["hidden", "few"], ["embedding"]),
    ]
    tensors = [numpy_helper.from_array(generator.normal(size=shape).astype(np.float32), name) for name, shape in weights.items()]
    graph = helper.make_graph(nodes, "graph", inputs, outputs, tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "whole.onnx")

    quantize_weights(tmp_path / "whole.onnx", tmp_path / "small.onnx")

    stored = {tensor.name: tensor.data_type for tensor in onnx.load(tmp_path / "small.onnx").graph.initializer}
    assert stored == {
        "large.int8": TensorProto.INT8,
        "large.scale": TensorProto.FLOAT,
        "few": TensorProto.FLOAT,
        "image": TensorProto.FLOAT,
    }
    features = generator.normal(size=(1, 64, 5)).astype(np.float32)
    whole, small = (
        open_onnx(tmp_path / name, "a test").run(None, {"features": features})[1].ravel() for name in ("whole.onnx", "small.onnx")
    )
    assert whole @ small / np.linalg.norm(whole) / np.linalg.norm(small) > 0.999
