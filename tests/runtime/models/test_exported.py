import json
import shutil

import pytest

from speaker_tracker.models import ModelError
from speaker_tracker.models.exported import exported_folder, resolve_exported

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(exported_cache, tmp_path):
    """A copy that may be broken."""
    return shutil.copytree(exported_folder(exported_cache, "ecapa-mini"), tmp_path / "model")


@pytest.mark.parametrize("source", ["auto", "embedded"])
def test_the_exported_model_is_found_with_what_is_known_of_the_original(exported_cache, source):
    found = resolve_exported(source, "float32", exported_cache)

    assert found.folder == exported_cache / "onnx" / "ecapa-mini"
    assert (found.model.name, found.model.dimension) == ("ecapa-mini", 256)
    assert 0.4 < found.model.same_voice_cosine < 0.6


def test_the_name_of_the_smaller_network_differs_so_that_sessions_do_not_mix_them(folder):
    assert resolve_exported(str(folder), "int8", None).model.name == "ecapa-mini-int8"


def test_auto_takes_the_hubs_model_where_it_was_exported(exported_cache, tmp_path):
    for name in ("ecapa-mini", "spkrec-ecapa-voxceleb"):
        shutil.copytree(exported_folder(exported_cache, "ecapa-mini"), exported_folder(tmp_path, name))

    assert resolve_exported("auto", "float32", tmp_path).folder.name == "spkrec-ecapa-voxceleb"
    assert resolve_exported("embedded", "float32", tmp_path).folder.name == "ecapa-mini"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("auto", r"no model has been exported to .*onnx; run `speaker-tracker models export`"),
        ("hub", r"spkrec-ecapa-voxceleb has not been exported.*run `speaker-tracker models export --source hub`"),
        ("nowhere", r"'nowhere' is no exported model: it is 'auto', 'embedded', 'hub' or the path"),
    ],
)
def test_a_missing_export_is_reported_with_the_command_that_makes_it(tmp_path, source, words):
    with pytest.raises(ModelError, match=words):
        resolve_exported(source, "float32", tmp_path)


@pytest.mark.parametrize("file", ["network.onnx", "features.npz", "calibration.json"])
def test_a_folder_that_lacks_a_file_is_no_exported_model(folder, file):
    (folder / file).unlink()

    with pytest.raises(ModelError, match=f"is no exported model: it lacks {file}"):
        resolve_exported(str(folder), "float32", None)


def test_a_missing_precision_is_reported(folder):
    (folder / "network.int8.onnx").unlink()

    with pytest.raises(ModelError, match=r"has no network in int8; set the precision to float32"):
        resolve_exported(str(folder), "int8", None)


def test_a_calibration_that_says_too_little_is_named(folder):
    (folder / "calibration.json").write_text(json.dumps({"name": "x", "dimension": 256}))

    with pytest.raises(ModelError, match=r"calibration.json lacks same_voice_cosine"):
        resolve_exported(str(folder), "float32", None)
