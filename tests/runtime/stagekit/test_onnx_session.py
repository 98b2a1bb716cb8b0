"""ONNX files that keep their weights in files beside them: within their folder, and nowhere else."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from speaker_tracker.models import ModelError
from speaker_tracker.stagekit import open_onnx

WEIGHTS = np.arange(4, dtype=np.float32)


@pytest.fixture
def model(tmp_path):
    """Writes a network whose weights are said to be in a file, and answers with its own."""
    folder = tmp_path / "model"
    (folder / "below").mkdir(parents=True)
    for file in (tmp_path / "secret.bin", folder / "beside.bin", folder / "below" / "beside.bin"):
        WEIGHTS.tofile(file)
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    (folder / "up").symlink_to(tmp_path)

    def write(location):
        weights = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
        for key, value in {"location": location, "offset": "0", "length": str(WEIGHTS.nbytes)}.items():
            weights.external_data.add(key=key, value=value)
        ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [4]) for name in ("x", "y")]
        graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "g", ends[:1], ends[1:], [weights])
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        (folder / "network.onnx").write_bytes(made.SerializeToString())
        return folder / "network.onnx"

    return write


@pytest.mark.parametrize("location", ["beside.bin", "below/beside.bin"])
def test_weights_in_a_file_of_the_folder_are_read(model, location):
    session = open_onnx(model(location), "a test")
    np.testing.assert_array_equal(session.run(None, {"x": np.zeros(4, np.float32)})[0], WEIGHTS)


@pytest.mark.parametrize(
    "location", ["../secret.bin", "{}/secret.bin", "below/../../secret.bin", "link.bin", "up/secret.bin", "*/_ORT_MEM_ADDR_/*"]
)
def test_weights_outside_of_the_folder_are_refused(model, tmp_path, location):
    with pytest.raises(ModelError, match=r"network\.onnx cannot be loaded by ONNX Runtime: "):
        open_onnx(model(location.format(tmp_path)), "a test")
