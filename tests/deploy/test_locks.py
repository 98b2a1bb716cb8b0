"""What images install is known by digest: every package that they need, in the version of constraints.txt, and nothing else."""

import importlib.util
import re
from importlib.metadata import PackageNotFoundError, requires

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.pages import ROOT, text_of

PINS = {
    canonicalize_name(name): version
    for name, version in (line.split("==") for line in text_of("constraints.txt").splitlines() if not line.startswith("#"))
}
IMAGE = default_environment() | {
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "python_full_version": "3.11.0",  # for which packages may want more than for the one here
}


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("lock_requirements", ROOT / "scripts" / "lock_requirements.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def needed(wanted):
    """Names of what ``wanted`` requires, by the metadata of what is installed here, themselves among them."""
    names, left = set(), [(Requirement(line), "") for line in wanted]
    seen = set()
    while left:
        requirement, extra = left.pop()
        if requirement.marker is not None and not requirement.marker.evaluate(IMAGE | {"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        names.add(name)
        for wanted_extra in {"", *requirement.extras}:
            if (name, wanted_extra) not in seen:
                seen.add((name, wanted_extra))
                left += [(Requirement(line), wanted_extra) for line in required_by(name)]
    return names


def required_by(name):
    try:
        return requires(name) or ()
    except PackageNotFoundError:  # some are for other systems than this one
        return ()


def locked(name):
    """Versions and digests in a file of deploy/locks, by package."""
    text = re.sub(r"^#.*\n", "", text_of(f"deploy/locks/{name}.txt"), flags=re.MULTILINE).replace("\\\n", " ")
    entries = {}
    for package, version, digests in re.findall(r"^([\w.-]+)==(\S+)((?: +--hash=sha256:[0-9a-f]{64})+) *$", text, re.MULTILINE):
        entries[canonicalize_name(package)] = (version, re.findall(r"[0-9a-f]{64}", digests))
    assert len(entries) == len([line for line in text.splitlines() if line.strip()]), f"{name}.txt has a line that is no pin"
    return entries


LOCKS = sorted(path.stem for path in (ROOT / "deploy" / "locks").iterdir())


def test_there_is_a_file_for_each_lock(script):
    assert sorted(script.locks()) == LOCKS


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_exactly_what_is_needed_in_the_versions_of_the_constraints(script, name):
    locks = script.locks()
    lock = locks[name]
    expected = needed(line for line in lock.wanted if line not in lock.alone) | set(lock.alone)
    if name != "torch":
        expected -= {"torch"}
    if lock.beside is not None:
        expected -= needed(locks[lock.beside].wanted)

    entries = locked(name)
    assert set(entries) == expected, "run: python scripts/lock_requirements.py"
    assert {package: version for package, (version, _) in entries.items()} == {package: PINS[package] for package in entries}
    assert all(digests for _, digests in entries.values())


def test_the_slim_images_have_no_pytorch_and_nothing_that_needs_it(script):
    lock = script.locks()["slim"]
    assert "silero-vad" in lock.alone
    assert not {"torch", "torchaudio", "speechbrain"} & set(locked("slim"))


@pytest.mark.parametrize("file", ["Containerfile", "deploy/ray/Containerfile"])
def test_images_install_nothing_that_is_not_known_by_its_digest(file):
    lines = [line for line in text_of(file).replace("\\\n", " ").splitlines() if not line.startswith("#")]
    commands = [command for line in lines for command in line.split("&&") if re.search(r"\bpip (install|download)\b", command)]
    assert commands
    for command in commands:
        ours = "--no-deps /wheel/*.whl" in " ".join(command.split())
        assert ours or {"--require-hashes", "--only-binary"} <= set(command.split()), command


def test_no_lock_names_where_packages_are_from():
    for name in LOCKS:
        assert "://" not in text_of(f"deploy/locks/{name}.txt")
