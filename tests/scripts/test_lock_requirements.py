"""Locks are made of what pip's indexes have: here, of a folder with wheels."""

import hashlib
import importlib.util
import zipfile

import pytest

from support.pages import ROOT, text_of

TORCH_VERSION = next(line for line in text_of("constraints.txt").splitlines() if line.startswith("torch==")).partition("==")[2]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("lock_requirements", ROOT / "scripts" / "lock_requirements.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """Puts a wheel into the only place where pip looks; answers with its digest."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))

    def write(name, version, tag="py3-none-any"):
        file = tmp_path / f"{name}-{version}-{tag}.whl"
        with zipfile.ZipFile(file, "w") as content:
            folder = f"{name}-{version}.dist-info"
            content.writestr(f"{folder}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            content.writestr(f"{folder}/WHEEL", f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n")
            content.writestr(f"{folder}/RECORD", "")
        return hashlib.sha256(file.read_bytes()).hexdigest()

    return write


def test_a_lock_has_the_digests_of_all_wheels_and_says_where_there_are_none(script, wheel):
    pure = wheel("pure", "1.0")
    compiled = {wheel("compiled", "2.0", f"cp{python}-cp{python}-manylinux_2_28_x86_64") for python in (311, 312)}
    compiled.add(wheel("compiled", "2.0", "cp311-cp311-manylinux_2_17_aarch64"))
    wheel("compiled", "2.0", "cp311-cp311-win_amd64")
    pins = {"pure": "1.0", "compiled": "2.0"}

    text = script.text_of(script.Lock("a test", ()), pins, script.wheels_of(pins))
    assert text.splitlines() == [
        "# a test. Made by scripts/lock_requirements.py.",
        "",
        "# no wheel for Python 3.12 on aarch64",
        "compiled==2.0 \\",
        *(f"    --hash=sha256:{digest}{end}" for digest, end in zip(sorted(compiled), (" \\", " \\", ""), strict=True)),
        "pure==1.0 \\",
        f"    --hash=sha256:{pure}",
    ]


def test_builds_of_pytorch_with_cuda_are_left_out(script, wheel):
    wheel("torch", TORCH_VERSION, "cp312-cp312-manylinux_2_28_x86_64")
    plain = wheel("torch", f"{TORCH_VERSION}+cpu", "cp311-cp311-manylinux_2_28_x86_64")
    wheel("torch", TORCH_VERSION, "cp311-cp311-manylinux_2_28_aarch64")

    found = script.wheels_of({"torch": TORCH_VERSION})["torch"]
    assert found.digests == {plain}
    assert found.missing == ["Python 3.11 on aarch64", "Python 3.12 on x86_64", "Python 3.12 on aarch64"]


def test_a_package_without_any_wheel_makes_no_lock(script, wheel):
    wheel("other", "1.0")
    with pytest.raises(SystemExit, match=r"missing==1\.0 has no wheel at all"):
        script.text_of(script.Lock("a test", ()), {"missing": "1.0"}, script.wheels_of({"missing": "1.0"}))
