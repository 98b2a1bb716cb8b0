import subprocess
import sys

import numpy as np
import pytest

from speaker_tracker.models import ModelError, pyannote_segmentation
from speaker_tracker_plugins.pyannote_segmentation.onnx_backend import NETWORK, OnnxNetwork
from speaker_tracker_plugins.pyannote_segmentation.onnx_export import export_network
from speaker_tracker_plugins.pyannote_segmentation.torch_backend import TorchNetwork
from support.stage_harness import load

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def exported(random_network, tmp_path_factory):
    """The folder of the exported network."""
    folder = tmp_path_factory.mktemp("exported") / "made"
    assert export_network(random_network, folder).difference < 1e-4
    return folder


@pytest.mark.parametrize("count", [1, 2, 5])
def test_any_number_of_windows_is_heard_as_by_the_original(random_network, exported, count):
    windows = np.random.default_rng(count).normal(0, 0.1, (count, 160_000)).astype(np.float32)
    said = OnnxNetwork(exported / NETWORK)(windows)

    np.testing.assert_allclose(said, TorchNetwork(random_network)(windows), atol=1e-4)


def test_the_stage_serves_it(exported):
    assert load("pyannote_segmentation", backend="onnx", source=str(exported)).info == {
        "model": "pyannote-segmentation",
        "source": str(exported),
        "backend": "onnx",
    }


def test_an_earlier_export_is_replaced_and_nothing_else(random_network, exported, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ModelError, match="holds something else than an exported model"):
        export_network(random_network, tmp_path)

    export_network(random_network, exported)
    assert [file.name for file in exported.iterdir()] == [NETWORK]


def test_without_the_extra_its_name_is_told(random_weights, tmp_path):
    script = f"""
import sys
sys.modules["onnx"] = None
from pathlib import Path
from speaker_tracker.errors import MissingExtraError
from speaker_tracker.models import pyannote_segmentation
pyannote_segmentation.WEIGHTS_SHA256 = {pyannote_segmentation.WEIGHTS_SHA256!r}
from speaker_tracker_plugins.pyannote_segmentation.onnx_export import export_network
from speaker_tracker_plugins.pyannote_segmentation.torch_backend import load_network
try:
    export_network(load_network(Path({str(random_weights)!r})), Path({str(tmp_path / "made")!r}))
except MissingExtraError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert "onnx, which is not installed; run: pip install 'speaker-tracker[onnx-export]'" in done.stdout, done.stderr
    assert not (tmp_path / "made").exists()
