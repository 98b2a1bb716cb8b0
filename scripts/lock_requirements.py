"""Writes deploy/locks: every package that an image installs, with the version of constraints.txt and the digests of its wheels.

Usage: python scripts/lock_requirements.py [LOCK ...]

Run it after a change of constraints.txt or of the dependencies in pyproject.toml. It asks pip's package indexes what would be
installed, and installs nothing. The images install what is in these files, by digest, and nothing else.

The locks are for CPython 3.11 and 3.12 on Linux, x86-64 and ARM64. PyTorch stands in a file of its own: its CPU builds are not on
pip's usual index but on PyTorch's own, which PIP_EXTRA_INDEX_URL must name (or PIP_FIND_LINKS a folder with wheels) when that file
is written. Builds with CUDA are left out.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "deploy"))

from requirements import requirements  # noqa: E402 - beside the files that it is for

LOCKS = ROOT / "deploy" / "locks"
CONSTRAINTS = ROOT / "constraints.txt"
SERVER_EXTRAS = {"cloudevents", "encryption", "onnx", "prometheus", "redis"}
WITHOUT_PYTORCH = {"huggingface-hub", "silero-vad", "speechbrain", "torch"}
TORCH = "torch"
PYTHONS = ("3.11", "3.12")
FOR_FIRST_RELEASES = ("async-timeout",)
"""What packages (redis) want with the first releases of a Python, such as Debian 12's 3.11.2; pip goes by the one it runs on."""
MACHINES = ("x86_64", "aarch64")
LATEST_GLIBC = 36
"""Wheels for glibc 2.5 to 2.36, that of Debian 12."""


@dataclass(frozen=True)
class Lock:
    """What one file has.

    ``head``: its first line. ``wanted``: requirements. ``alone``: those without what they require. ``beside``: the lock whose
    packages are there already and are left out.
    """

    head: str
    wanted: tuple[str, ...]
    alone: tuple[str, ...] = ()
    beside: str | None = None


def locks() -> dict[str, Lock]:
    """The locks by name, in the order in which they build on each other."""
    project = ROOT / "pyproject.toml"
    server = (*requirements(project, SERVER_EXTRAS, set()), *FOR_FIRST_RELEASES)
    exporter = tuple(line for line in requirements(project, {"onnx-export"}, set()) if line.startswith("onnx"))
    ray = tuple(line for line in requirements(project, {"ray"}, set()) if line.startswith("ray"))
    return {
        "server": Lock("the environment of the image full, but for PyTorch", server),
        "slim": Lock(
            "the environment of the images slim and minimal",
            (*requirements(project, SERVER_EXTRAS, WITHOUT_PYTORCH), *FOR_FIRST_RELEASES),
            alone=("silero-vad",),
        ),
        "exporter": Lock("what exports models, beside server.txt", exporter, beside="server"),
        "builder": Lock("what builds the wheel and the bill of materials", ("hatchling>=1.27", "cyclonedx-python-lib>=11")),
        "ray": Lock("Ray, beside server.txt", ray, beside="server"),
        TORCH: Lock("PyTorch's CPU build", (TORCH,), alone=(TORCH,)),
    }


def pip(*arguments: str, wanted: list[str]) -> list[dict[str, Any]]:
    """What pip would install, entries of its report. Raises ``subprocess.CalledProcessError``, with pip's words, where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "wanted.txt"
        file.write_text("\n".join(wanted), encoding="utf-8")
        command = [
            *(sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--dry-run", "--ignore-installed"),
            *("--only-binary", ":all:", "--report", "-", "--constraint", str(CONSTRAINTS), "--requirement", str(file), *arguments),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - this Python's own pip
    entries: list[dict[str, Any]] = json.loads(done.stdout)["install"]
    return entries


def pins_of(lock: Lock) -> dict[str, str]:
    """Versions of all packages of a lock, by name."""
    entries = [] if lock.wanted == lock.alone else pip(wanted=list(lock.wanted))
    entries += pip("--no-deps", wanted=list(lock.alone)) if lock.alone else []
    return {entry["metadata"]["name"]: entry["metadata"]["version"].partition("+")[0] for entry in entries}


@dataclass(frozen=True)
class Wheels:
    """``digests``: of all wheels of a package, for whatever Python and machine. ``missing``: where it has none."""

    digests: set[str]
    missing: list[str]


def wheels_of(pins: dict[str, str]) -> dict[str, Wheels]:
    """The wheels of all packages for all Pythons and machines, by name of the package."""
    found = {name: Wheels(set(), []) for name in pins}
    lines = [f"{name}=={version}" for name, version in pins.items()]
    for python, machine in product(PYTHONS, MACHINES):
        entries = {entry["metadata"]["name"]: entry for entry in entries_of(lines, options_of(python, machine))}
        if TORCH in entries and not entries[TORCH]["metadata"]["version"].endswith("+cpu"):  # a build with CUDA
            del entries[TORCH]
        for name, wheels in found.items():
            if name in entries:
                wheels.digests.add(entries[name]["download_info"]["archive_info"]["hashes"]["sha256"])
            else:
                wheels.missing.append(f"Python {python} on {machine}")
    return found


def options_of(python: str, machine: str) -> list[str]:
    """Options of pip for one Python on one machine with Linux."""
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(5, LATEST_GLIBC + 1)]
    platforms += [f"{kind}_{machine}" for kind in ("manylinux2014", "manylinux2010", "manylinux1", "linux")]
    nowhere = str(ROOT / "dist" / "nothing-is-written-here")
    options = ["--no-deps", "--target", nowhere, "--python-version", python, "--implementation", "cp"]
    return options + [part for platform in platforms for part in ("--platform", platform)]


def entries_of(lines: list[str], options: list[str]) -> list[dict[str, Any]]:
    """Entries of pip's report for those of ``lines`` that have a wheel."""
    try:
        return pip(*options, wanted=lines)
    except subprocess.CalledProcessError:  # which of them has none, pip does not tell in a form to be read
        half = len(lines) // 2
        return [*entries_of(lines[:half], options), *entries_of(lines[half:], options)] if half else []


def text_of(lock: Lock, pins: dict[str, str], found: dict[str, Wheels]) -> str:
    """The content of the file, in pip's format."""
    lines = [f"# {lock.head}. Made by scripts/lock_requirements.py.", ""]
    for name, version in sorted(pins.items(), key=lambda pin: pin[0].lower()):
        wheels = found[name]
        if not wheels.digests:
            raise SystemExit(f"{name}=={version} has no wheel at all")
        if wheels.missing:
            lines.append(f"# no wheel for {', '.join(wheels.missing)}")
        digests = [f"--hash=sha256:{digest}" for digest in sorted(wheels.digests)]
        lines.append(" \\\n    ".join([f"{name}=={version}", *digests]))
    return "\n".join([*lines, ""])


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    known = locks()
    parser.add_argument("names", nargs="*", metavar="LOCK", help=f"one of {', '.join(known)}; all, if none is named")
    names = parser.parse_args().names or list(known)
    if unknown := set(names) - set(known):
        parser.error(f"no such lock: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    LOCKS.mkdir(exist_ok=True)
    try:
        for name in names:
            lock = known[name]
            pins = pins_of(lock)
            there = {TORCH, *(pins_of(known[lock.beside]) if lock.beside else ())} if name != TORCH else set()
            pins = {package: version for package, version in pins.items() if package not in there}
            (LOCKS / f"{name}.txt").write_text(text_of(lock, pins, wheels_of(pins)), encoding="utf-8")
            print(f"{len(pins)} packages in deploy/locks/{name}.txt")
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"pip failed:\n{error.stderr.strip()}") from error


if __name__ == "__main__":
    main()
