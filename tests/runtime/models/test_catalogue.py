"""Which model a source names, and what is listed."""

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from speaker_tracker.models import ModelError, cache_folder, hub_folder, list_models, resolve
from speaker_tracker.models.calibration import read_model
from speaker_tracker.models.catalogue import EMBEDDED, HUB_FILES, HUB_REVISION


@pytest.fixture
def fetched(tmp_path):
    """A cache that holds files by the names of the hub's."""
    folder = hub_folder(tmp_path)
    folder.mkdir(parents=True)
    for name in HUB_FILES:
        (folder / name).write_bytes(b"x")
    return tmp_path


def test_auto_takes_the_embedded_model_until_the_hubs_is_fetched_and_says_how_to(tmp_path):
    folder = resolve("auto", tmp_path)
    assert folder.path == EMBEDDED
    assert "models fetch" in folder.hint


def test_auto_takes_the_hubs_model_once_it_is_fetched(fetched):
    folder = resolve("auto", fetched)
    assert folder.path == hub_folder(fetched)
    assert folder.name == "spkrec-ecapa-voxceleb"
    assert folder.hint == ""


@pytest.mark.parametrize("broken", HUB_FILES)
def test_auto_passes_over_a_fetched_model_of_which_a_file_is_missing_or_empty(fetched, broken):
    (hub_folder(fetched) / broken).write_bytes(b"")
    assert resolve("auto", fetched).path == EMBEDDED
    (hub_folder(fetched) / broken).unlink()
    assert resolve("auto", fetched).path == EMBEDDED


def test_embedded_is_taken_even_if_the_hubs_is_there(fetched):
    folder = resolve("embedded", fetched)
    assert (folder.name, folder.path) == ("ecapa-mini", EMBEDDED)


def test_hub_names_the_fetched_model(fetched):
    assert resolve("hub", fetched).path == hub_folder(fetched)


def test_hub_without_a_fetched_model_says_how_to_fetch_it(tmp_path):
    with pytest.raises(ModelError, match="run `speaker-tracker models fetch`"):
        resolve("hub", tmp_path)


def test_a_path_names_a_local_folder():
    assert resolve(str(EMBEDDED), None).path == EMBEDDED


def test_an_unknown_source_is_reported_with_the_choices():
    with pytest.raises(ModelError, match=r"'speechbrain/nothing' is no model source: it is 'auto', 'embedded', 'hub' or the path"):
        resolve("speechbrain/nothing", None)


def test_the_embedded_model_is_calibrated_for_the_windows_it_is_used_on():
    model = resolve("embedded", None).model
    assert model.dimension == 256
    assert model.calibrated_seconds == 1.5
    assert 0.2 < model.same_voice_cosine < 0.8


def test_the_cache_is_where_the_setting_says_else_in_the_users_cache(tmp_path, monkeypatch):
    assert cache_folder(tmp_path) == tmp_path
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder(None).parts[-2:] == ("speaker-tracker", "models")


def test_the_list_tells_what_is_complete_and_what_auto_takes(tmp_path, fetched):
    assert [(entry.source, entry.complete, entry.chosen_by_auto) for entry in list_models(fetched)][:2] == [
        ("hub", True, True),
        ("embedded", True, False),
    ]
    nothing = tmp_path / "elsewhere"
    assert [(entry.source, entry.complete, entry.chosen_by_auto) for entry in list_models(nothing)][:2] == [
        ("hub", False, False),
        ("embedded", True, True),
    ]
    assert not nothing.exists()


def test_the_hubs_model_is_pinned_to_a_commit():
    assert len(HUB_REVISION) == 40
    assert hub_folder(Path("x")).name == HUB_REVISION


def test_choosing_a_model_imports_no_model_library():
    code = (
        "import sys; from speaker_tracker.models import resolve; resolve('auto', None);"
        "assert not {'torch', 'torchaudio', 'speechbrain', 'huggingface_hub'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_version_of_the_embedded_model_is_that_of_its_weights():
    """Voiceprints of other weights cannot be compared: new ones need another ``model_version`` in ``calibration.json``."""
    digests = {1: "e23e01129d2e227da4d2adb99220f4c6b94c060997fa262fa632d6fdceca8723"}
    model = read_model(EMBEDDED, name="", dimension=1, same_voice_cosine=0.0, calibrated_seconds=1.0)

    assert sha256((EMBEDDED / "embedding_model.ckpt").read_bytes()).hexdigest() == digests[model.version]
