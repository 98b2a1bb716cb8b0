"""What is in the images: by whose rights programs run, who may write what, which programs there are, and the bill of materials."""

import hashlib
import json
import tarfile
from dataclasses import dataclass, field

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

BILL = "usr/share/doc/speaker-tracker/sbom.cdx.json"
DEBIAN = "var/lib/dpkg/status"
LABEL = "speaker-tracker.sbom"
EVERY = ("full", "slim", "minimal")
PROGRAM_FOLDERS = ("usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin", "bin", "sbin")
PACKAGES = """
import importlib.metadata as m, json, sysconfig
print(json.dumps(sorted((d.metadata["Name"], d.version) for d in m.distributions(path=[sysconfig.get_path("purelib")]))))
"""


@dataclass
class Contents:
    """Files of an image, folders among them, by path; bill of materials; dpkg's list of packages; digests of models."""

    files: dict[str, tarfile.TarInfo] = field(default_factory=dict)
    bill: str = ""
    packages: str = ""
    digests: dict[str, str] = field(default_factory=dict)

    def where(self, holds):
        """Paths of all but links for which ``holds``."""
        return sorted(path for path, info in self.files.items() if not info.issym() and holds(info))


class Stream:
    """What an engine sends in pieces, as a file."""

    def __init__(self, pieces):
        self.pieces, self.left = pieces, b""

    def read(self, size):
        while len(self.left) < size and (piece := next(self.pieces, b"")):
            self.left += piece
        given, self.left = self.left[:size], self.left[size:]
        return given


@pytest.fixture(scope="session")
def contents(images, engine):
    """``Contents`` of an image, read from outside, as some have no program to look with."""
    read = {}

    def of(target):
        if target not in read:
            container = engine.containers.create(images[target])
            try:
                read[target] = looked_into(container.export())
            finally:
                container.remove()
        return read[target]

    return of


def looked_into(pieces):
    found = Contents()
    with tarfile.open(fileobj=Stream(iter(pieces)), mode="r|", bufsize=1 << 20) as archive:
        for info in archive:
            found.files[info.name] = info
            if not info.isfile():
                continue
            if info.name == BILL:
                found.bill = archive.extractfile(info).read().decode()
            elif info.name == DEBIAN:
                found.packages = archive.extractfile(info).read().decode()
            elif "/models/" in info.name or "/silero_vad/data/" in info.name:
                found.digests[f"/{info.name}"] = hashlib.sha256(archive.extractfile(info).read()).hexdigest()
    return found


@pytest.mark.parametrize("target", EVERY)
def test_no_program_runs_with_the_rights_of_another(contents, target):
    assert contents(target).where(lambda info: info.isfile() and info.mode & 0o6000) == []


@pytest.mark.parametrize("target", EVERY)
def test_all_belongs_to_root_and_others_may_write_to_shared_folders_alone(contents, target):
    found = contents(target)
    assert found.where(lambda info: info.uid == 10001 or info.gid == 10001) == []
    assert found.where(lambda info: info.isfile() and info.mode & 0o002) == []
    assert found.where(lambda info: info.isdir() and info.mode & 0o1002 == 0o002) == []  # /tmp has the sticky bit
    ours = ("opt", "usr/share/doc/speaker-tracker")
    assert found.where(lambda info: info.name.startswith(ours) and (info.uid or info.mode & 0o022)) == []


def test_the_minimal_image_has_python_and_tini_and_no_other_program_of_the_system(contents):
    found = contents("minimal")
    programs = {path.rpartition("/")[2] for path in found.files if path.rpartition("/")[0] in PROGRAM_FOLDERS}
    programs -= {folder.rpartition("/")[2] for folder in PROGRAM_FOLDERS} | {""}
    assert {"tini", "python3"} <= programs
    assert {name for name in programs if not name.startswith("python")} == {"tini"}
    named = {path.rpartition("/")[2] for path in found.where(lambda info: info.isfile() and info.mode & 0o111)}
    assert not named & {"sh", "bash", "dash", "busybox", "perl", "apt", "apt-get", "dpkg", "pip", "pip3"}
    folders = {path.rpartition("/")[2] for path in found.where(lambda info: info.isdir())}
    assert not folders & {"pip", "ensurepip", "perl5", "perl-base"}


@pytest.mark.parametrize("target", EVERY)
def test_scanners_find_which_packages_of_debian_there_are(contents, target):
    packages = contents(target).packages
    for name in ("libc6", "tini"):
        assert f"Package: {name}\nStatus: install ok installed\n" in packages


@pytest.mark.parametrize("target", EVERY)
def test_the_bill_of_materials_is_where_the_label_says_and_valid(images, engine, contents, target):
    assert engine.images.get(images[target]).labels[LABEL] == f"/{BILL}"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(contents(target).bill) is None


@pytest.mark.parametrize("target", EVERY)
def test_the_bill_of_materials_lists_what_is_installed_and_nothing_else(images, engine, contents, target):
    output = engine.containers.run(images[target], ["-c", PACKAGES], entrypoint="python", remove=True)
    parts = [part for part in json.loads(contents(target).bill)["components"] if part["type"] == "library"]
    assert sorted([part["name"], part["version"]] for part in parts) == json.loads(output)


@pytest.mark.parametrize("target", EVERY)
def test_the_bill_of_materials_has_the_models_with_their_digests(contents, target):
    found = contents(target)
    models = [part for part in json.loads(found.bill)["components"] if part["type"] == "machine-learning-model"]
    listed = {model["properties"][0]["value"]: model["hashes"][0]["content"] for model in models}
    assert "/opt/models/onnx/ecapa-mini/network.onnx" in listed
    assert any("silero_vad" in file for file in listed)
    weights = {file for file in found.digests if file.endswith((".ckpt", ".jit", ".onnx", ".pt", ".npz"))}
    assert listed == {file: found.digests[file] for file in weights}
