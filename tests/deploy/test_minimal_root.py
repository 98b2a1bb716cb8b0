"""What is copied into the image that is made from nothing: Python and what it needs, and no other program."""

import stat
import subprocess
import sys

import pytest

from support.pages import ROOT

STAYS = {
    "usr/bin/python3.11",
    "usr/bin/tini",
    "usr/local/bin/python",
    "usr/lib/python3.11/os.py",
    "usr/lib/x86_64-linux-gnu/libc.so.6",
    "usr/share/zoneinfo/UTC",
    "usr/share/ca-certificates/mozilla/one.crt",
    "usr/share/doc/speaker-tracker/sbom.cdx.json",
    "etc/passwd",
    "etc/ssl/certs/ca-certificates.crt",
    "opt/venv/bin/speaker-tracker",
    "opt/venv/lib/python3.11/site-packages/numpy/__init__.py",
    "opt/models/onnx/ecapa-mini/network.onnx",
    "var/lib/dpkg/status",
}
GOES = {
    "usr/bin/bash",
    "usr/bin/dash",
    "usr/bin/perl",
    "usr/bin/apt-get",
    "usr/bin/dpkg",
    "usr/bin/python3-config",
    "usr/bin/su",
    "usr/sbin/ldconfig",
    "usr/local/bin/pip3",
    "usr/lib/apt/methods/http",
    "usr/lib/python3/dist-packages/pip/__init__.py",
    "usr/lib/python3/dist-packages/pip-23.0.1.dist-info/METADATA",
    "usr/lib/python3.11/ensurepip/__init__.py",
    "usr/lib/x86_64-linux-gnu/perl-base/strict.pm",
    "usr/share/perl5/Debconf.pm",
    "usr/share/doc/bash/copyright",
    "var/lib/dpkg/info/bash.list",
    "var/cache/debconf/config.dat",
    "root/.bashrc",
    "tmp/minimal_root.py",
    "wheels/torch.whl",
}


@pytest.fixture
def root(tmp_path):
    """A root folder as Debian has it, with links in the place of /bin and /lib."""
    root = tmp_path / "root"
    for name in STAYS | GOES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    for name in ("bin", "lib"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "usr/bin/python3").symlink_to("python3.11")
    (root / "usr/bin/sh").symlink_to("dash")
    (root / "usr/bin/tini").chmod(0o4755)
    (root / "etc/passwd").chmod(0o666)
    (root / "opt/venv/bin").chmod(0o2775)
    return root


def copied(root, target):
    command = [sys.executable, str(ROOT / "deploy" / "minimal_root.py"), str(target), "--root", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("below", [False, True], ids=["elsewhere", "below the root itself"])
def test_python_stays_and_other_programs_go(root, tmp_path, below):
    target = root / "minimal" if below else tmp_path / "minimal"
    assert copied(root, target) == f"{len(STAYS)} files\n"

    files = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file() and not path.is_symlink()}
    assert files == STAYS
    links = {path.relative_to(target).as_posix(): path.readlink().as_posix() for path in target.rglob("*") if path.is_symlink()}
    assert links == {"bin": "usr/bin", "lib": "usr/lib", "usr/bin/python3": "python3.11"}


def test_nothing_runs_with_the_rights_of_another_or_is_written_by_others(root, tmp_path):
    copied(root, tmp_path / "minimal")

    for path in (tmp_path / "minimal").rglob("*"):
        if not path.is_symlink() and path.relative_to(tmp_path / "minimal").as_posix() != "tmp":
            assert stat.S_IMODE(path.stat().st_mode) & 0o7022 == 0, path
    assert stat.S_IMODE((tmp_path / "minimal" / "tmp").stat().st_mode) == 0o1777
    assert stat.S_IMODE((tmp_path / "minimal" / "usr/bin/tini").stat().st_mode) == 0o755
