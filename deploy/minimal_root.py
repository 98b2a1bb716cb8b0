"""Copies a root folder without what a server does not need: programs other than Python and tini, above all shells and installers.

Usage: python minimal_root.py TARGET [--root FOLDER]

Run as root in a build stage; TARGET is then the content of an image that is made from nothing, so that no layer below has what is
left out. What stays: Python with its library, shared libraries, certificates, names of users and hosts, time zones, and dpkg's list
of packages, by which scanners know what the libraries are.
"""

import argparse
import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = {"bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin"}
"""Folders of programs; of these only some stay."""
KEPT_PROGRAMS = re.compile(r"python(3(\.\d+)?)?|tini")
LEFT_OUT = {
    *("boot", "dev", "home", "media", "mnt", "proc", "root", "run", "srv", "sys", "tmp", "wheels"),
    *("etc/alternatives", "etc/apt", "etc/cron.daily", "etc/dpkg", "etc/init.d", "etc/pam.d", "etc/security", "etc/skel"),
    *("usr/games", "usr/include", "usr/lib/apt", "usr/lib/dpkg", "usr/lib/git-core", "usr/lib/init", "usr/lib/systemd"),
    *("usr/libexec", "usr/local/include", "usr/local/share", "usr/share", "usr/src"),
    *("var/backups", "var/cache", "var/lib", "var/local", "var/lock", "var/log", "var/mail", "var/opt", "var/run", "var/spool"),
    "var/tmp",
}
"""Folders and files, from the root, that are left out, but for what ``BROUGHT_BACK`` names below them."""
BROUGHT_BACK = ("usr/share/ca-certificates", "usr/share/doc/speaker-tracker", "usr/share/zoneinfo", "var/lib/dpkg/status")
UNUSED = re.compile(r"pip|pip-[\d.]+\.(dist|egg)-info|ensurepip|idlelib|lib2to3|tkinter|turtledemo|perl5?|perl-base")
"""Names of folders that are left out wherever they are: installers, programs with windows, and another language."""
EMPTY = {"dev": 0o755, "proc": 0o755, "run": 0o755, "sys": 0o755, "tmp": 0o1777}
"""Folders that a container has, with their modes; the engine fills the first ones."""


def kept(root: Path) -> Iterator[str]:
    """Paths of what stays, as seen from ``root``: folders before what is in them, links as links."""
    for folder, names, files in os.walk(root):
        above = Path(folder).relative_to(root)
        links = [name for name in names if (Path(folder) / name).is_symlink()]
        names[:] = sorted(name for name in names if name not in links and stays((above / name).as_posix(), is_folder=True))
        yield from ((above / name).as_posix() for name in names)
        yield from (path for name in sorted(files + links) if stays(path := (above / name).as_posix(), is_folder=False))


def stays(path: str, *, is_folder: bool) -> bool:
    """Whether ``path``, as seen from the root, is copied."""
    if any(path == back or path.startswith(f"{back}/") or (is_folder and back.startswith(f"{path}/")) for back in BROUGHT_BACK):
        return True
    if any(path == out or path.startswith(f"{out}/") for out in LEFT_OUT) or any(map(UNUSED.fullmatch, path.split("/"))):
        return False
    folder, _, name = path.rpartition("/")
    return folder not in PROGRAMS or path in PROGRAMS or KEPT_PROGRAMS.fullmatch(name) is not None


def copy(root: Path, target: Path) -> int:
    """Copies what stays of ``root`` to ``target``, a folder that is not there yet; answers with the number of files.

    No file runs with its owner's rights, and none may be written by others than its owner.
    """
    paths = list(kept(root))  # before the target is there, which may be below the root
    target.mkdir(parents=True)
    files = 0
    for path in paths:
        source, copied = root / path, target / path
        if source.is_symlink():
            copied.symlink_to(source.readlink())
        elif source.is_dir():
            copied.mkdir()
            copied.chmod(stat.S_IMODE(source.stat().st_mode) & 0o755)
        elif source.is_file():
            shutil.copy2(source, copied)
            copied.chmod(stat.S_IMODE(source.stat().st_mode) & 0o755)
            files += 1
    for name, mode in EMPTY.items():
        (target / name).mkdir(exist_ok=True)
        (target / name).chmod(mode)
    return files


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("target", type=Path)
    parser.add_argument("--root", type=Path, default=Path("/"))
    given = parser.parse_args()
    print(f"{copy(given.root, given.target)} files")


if __name__ == "__main__":
    main()
