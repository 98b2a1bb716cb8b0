"""Prints the requirements of an image: those of pyproject.toml with extras, without packages that the image leaves out.

Usage: python requirements.py [--extras NAME,...] [--without NAME,...] PYPROJECT
"""

import argparse
import re
import tomllib
from pathlib import Path


def requirements(pyproject: Path, extras: set[str], without: set[str]) -> list[str]:
    """List of requirements in pip's syntax.

    ``extras``: names in ``[project.optional-dependencies]``. ``without``: names of packages. Raises ``SystemExit`` if one of
    them is unknown, so that a misspelt name does not result in an image with wrong contents.
    """
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    optional: dict[str, list[str]] = project["optional-dependencies"]
    if unknown := extras - set(optional):
        raise SystemExit(f"no such extra: {', '.join(sorted(unknown))}; there are {', '.join(optional)}")
    wanted = [*project["dependencies"], *(requirement for extra in sorted(extras) for requirement in optional[extra])]
    names = {requirement: re.split(r"[^A-Za-z0-9._-]", requirement)[0] for requirement in wanted}
    if unknown := without - set(names.values()):
        raise SystemExit(f"no such requirement: {', '.join(sorted(unknown))}; there are {', '.join(names.values())}")
    return [requirement for requirement in wanted if names[requirement] not in without]


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pyproject", type=Path)
    parser.add_argument("--extras", default="", type=lambda names: set(filter(None, names.split(","))))
    parser.add_argument("--without", default="", type=lambda names: set(filter(None, names.split(","))))
    given = parser.parse_args()
    print("\n".join(requirements(given.pyproject, given.extras, given.without)))


if __name__ == "__main__":
    main()
