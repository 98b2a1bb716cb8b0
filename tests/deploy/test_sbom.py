"""The bill of materials: valid by its schema, and with exactly the packages and models that there are."""

import hashlib
import json
import subprocess
import sys
import sysconfig
from importlib.metadata import distributions
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from speaker_tracker.models.catalogue import EMBEDDED
from support.pages import ROOT

SITE = Path(sysconfig.get_path("purelib"))


def made(*arguments, **environment):
    command = [sys.executable, "-W", "error", str(ROOT / "deploy" / "sbom.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment or None)


@pytest.fixture(scope="module")
def text():
    done = made(SITE, ROOT / "runtime")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_it_is_valid_by_the_schema_of_cyclonedx(text):
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_it_has_exactly_the_packages_that_are_installed(text):
    listed = {(part["name"], part["version"]) for part in json.loads(text)["components"] if part["type"] == "library"}
    assert listed == {(package.metadata["Name"], package.version) for package in distributions(path=[str(SITE)])}


def test_every_package_has_its_address(text):
    addresses = {part["name"]: part["purl"] for part in json.loads(text)["components"] if part["type"] == "library"}
    assert addresses["torch"].startswith("pkg:pypi/torch@")
    assert addresses["PyYAML"].startswith("pkg:pypi/pyyaml@")


def test_models_have_their_files_and_digests(text):
    models = [part for part in json.loads(text)["components"] if part["type"] == "machine-learning-model"]
    files = {model["properties"][0]["value"]: model["hashes"][0]["content"] for model in models}
    weights = EMBEDDED / "embedding_model.ckpt"
    assert files[str(weights)] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert any(file.endswith("silero_vad_16k_op15.onnx") for file in files)
    for file, digest in files.items():
        assert hashlib.sha256(Path(file).read_bytes()).hexdigest() == digest


def test_paths_are_those_within_an_image_that_lies_in_a_folder(tmp_path):
    site, cache = tmp_path / "root" / "opt" / "venv", tmp_path / "root" / "opt" / "models"
    site.mkdir(parents=True)
    (cache / "onnx" / "mine").mkdir(parents=True)
    (cache / "onnx" / "mine" / "network.onnx").write_bytes(b"a network")
    done = made(site, "--models", cache, "--root", tmp_path / "root", "--output", tmp_path / "out" / "sbom.json")

    assert (done.returncode, done.stderr) == (0, "")
    (model,) = json.loads((tmp_path / "out" / "sbom.json").read_text())["components"]
    assert model["properties"][0]["value"] == "/opt/models/onnx/mine/network.onnx"
    assert model["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(b"a network").hexdigest()}]


def test_the_same_environment_makes_the_same_document(tmp_path):
    (tmp_path / "site").mkdir()
    first, second = (made(tmp_path / "site", SOURCE_DATE_EPOCH="1767225600") for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    assert json.loads(first.stdout)["metadata"]["timestamp"] == "2026-01-01T00:00:00+00:00"


def test_a_folder_that_is_not_there_is_named():
    done = made("/no/such/folder")
    assert done.returncode == 1
    assert done.stderr == "no such folder: /no/such/folder\n"
