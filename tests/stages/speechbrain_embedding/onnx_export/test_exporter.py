import json
import shutil
import sys

import pytest

from speaker_tracker.errors import MissingExtraError
from speaker_tracker.models import ModelError
from speaker_tracker.models.catalogue import EMBEDDED
from speaker_tracker_stages.speechbrain_embedding.onnx_export import export, exporter

pytestmark = pytest.mark.slow


@pytest.fixture
def model_folder(tmp_path):
    """A copy of the embedded model that may be changed."""
    return shutil.copytree(EMBEDDED, tmp_path / "model")


def change(folder, old, new):
    file = folder / "hyperparams.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_an_export_is_whole_and_says_how_near_it_is(model_folder, tmp_path):
    made = export(str(model_folder), None, tmp_path / "made")

    assert made.float32 > 0.9999
    assert made.int8 > 0.999
    assert sorted(file.name for file in made.folder.iterdir()) == [
        "calibration.json",
        "features.npz",
        "network.int8.onnx",
        "network.onnx",
    ]
    said = json.loads((made.folder / "calibration.json").read_text())
    original = json.loads((EMBEDDED / "calibration.json").read_text())
    assert said["same_voice_cosine"] == original["same_voice_cosine"]
    assert said["dimension"] == 256
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "model"]


def test_an_earlier_export_is_replaced_and_no_other_folder(model_folder, tmp_path, monkeypatch):
    earlier, other = tmp_path / "earlier", tmp_path / "other"
    for folder, file in ((earlier, "features.npz"), (other, "letter.txt")):
        folder.mkdir()
        (folder / file).write_text("old")
    monkeypatch.setattr(exporter, "_quantized", lambda *_: None)

    assert export(str(model_folder), None, earlier).int8 is None
    assert (earlier / "features.npz").read_bytes() != b"old"
    with pytest.raises(ModelError, match=r"other holds something else than an exported model"):
        export(str(model_folder), None, other)
    assert (other / "letter.txt").read_text() == "old"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("std_norm: false", "std_norm: true", r"does not normalize its features by their mean alone"),
        ("n_mels: !ref <n_mels>", "n_mels: 26\n    context: false\n    deltas: true", r"only log mel filterbanks without deltas"),
        (
            "!new:speechbrain.lobes.features.Fbank\n    n_mels: !ref <n_mels>",
            "!new:speechbrain.lobes.features.MFCC\n    n_mels: !ref <n_mels>",
            r"whose features are MFCC cannot be exported",
        ),
    ],
)
def test_a_model_that_cannot_be_exported_is_told_why_and_leaves_nothing(model_folder, tmp_path, old, new, words):
    change(model_folder, old, new)

    with pytest.raises(ModelError, match=words):
        export(str(model_folder), None, tmp_path / "made")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_network_that_gives_other_embeddings_is_not_kept(model_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(exporter, "FLOAT32_COSINE", 1.1)

    with pytest.raises(ModelError, match=r"the network gives other embeddings \(cosine 1\.0000\)"):
        export(str(model_folder), None, tmp_path / "made")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_without_the_extra_its_name_is_told(model_folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)

    with pytest.raises(
        MissingExtraError, match=r"onnxscript, which is not installed; run: pip install 'speaker-tracker\[onnx-export"
    ):
        export(str(model_folder), None, tmp_path / "made")


def test_a_folder_that_cannot_be_made_is_told(model_folder, tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ModelError, match=r"cannot be written to \(Not a directory\); give another folder with --output"):
        export(str(model_folder), None, tmp_path / "file" / "made")
