"""Writes the software bill of materials of an environment: a CycloneDX document in JSON, with its packages and its models.

Usage: python deploy/sbom.py SITE_PACKAGES ... [--models FOLDER] [--root FOLDER] [--output FILE]

SITE_PACKAGES are folders with installed distributions; all of them are listed, and nothing else. Models are the weights that come
inside of Speaker Tracker and Silero VAD, and those in FOLDER, a model cache; each file has its SHA-256 digest. Nothing but the
standard library and cyclonedx-python-lib is needed, so the environment that is described may lack both. SOURCE_DATE_EPOCH, seconds
since 1970, is the time of the document where it is set, so that the same environment makes the same document.
"""

import argparse
import hashlib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

SUBJECT = "speaker-tracker"
WEIGHTS = (".ckpt", ".jit", ".onnx", ".pt", ".bin", ".npz")
"""Suffixes of files that hold a model, or a part of one."""
PACKAGES_WITH_MODELS = ("speaker_tracker/models", "silero_vad/data")
FILE = "speaker-tracker:file"
"""Property of a model: its file."""
EXPRESSION = re.compile(r"[\w.+-]+(?: (?:AND|OR|WITH) [\w.+-]+)*")


def bill(sites: Iterable[Path], models: Path | None, root: Path = Path("/")) -> Bom:
    """The document for the distributions in ``sites``, and the models in them and in the folder ``models``.

    ``root``: what paths are seen from.
    """
    sites = [site.resolve() for site in sites]
    models = models.resolve() if models is not None else None
    packages = {package.name: package for package in map(library, distributions(path=[str(site) for site in sites]))}
    bom = Bom(components=[*packages.values(), *model_files(sites, models, root.resolve())])
    version = packages[SUBJECT].version if SUBJECT in packages else None
    subject = Component(name=SUBJECT, version=version, type=ComponentType.APPLICATION, bom_ref="environment")
    bom.metadata.component = subject
    bom.register_dependency(subject, bom.components)
    moment = os.environ.get("SOURCE_DATE_EPOCH")
    bom.metadata.timestamp = datetime.fromtimestamp(int(moment), UTC) if moment else datetime.now(UTC)
    bom.serial_number = uuid5(NAMESPACE_URL, "\n".join(sorted(f"{part.name} {part.version}" for part in bom.components)))
    return bom


def library(distribution: Distribution) -> Component:
    """An installed distribution, with its version and licence as its metadata has them."""
    name, version, said = distribution.metadata["Name"], distribution.version, distribution.metadata.json
    purl = PackageURL("pypi", name=re.sub(r"[-_.]+", "-", name).lower(), version=version)
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        purl=purl,
        bom_ref=purl.to_string(),
        licenses=licences(str(said.get("license_expression") or said.get("license") or "")),
    )


def licences(said: str) -> list[Any]:
    """The licence of a distribution; none where what it says is a text and no expression."""
    return [LicenseFactory().make_from_string(said)] if EXPRESSION.fullmatch(said.strip()) else []


def model_files(sites: list[Path], models: Path | None, root: Path) -> Iterator[Component]:
    """Each file of a model."""
    folders = [site / package for site in sites for package in PACKAGES_WITH_MODELS]
    for folder in [*folders, models] if models is not None else folders:
        for file in sorted(file for file in folder.rglob("*") if file.suffix in WEIGHTS and file.is_file()):
            path = f"/{file.relative_to(root).as_posix()}"
            yield Component(
                name=f"{file.parent.name}/{file.name}",
                type=ComponentType.MACHINE_LEARNING_MODEL,
                bom_ref=f"model:{path}",
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(file.read_bytes()).hexdigest())],
                properties=[Property(name=FILE, value=path)],
            )


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sites", nargs="+", type=Path, metavar="SITE_PACKAGES")
    parser.add_argument("--models", type=Path, metavar="FOLDER")
    parser.add_argument("--root", type=Path, metavar="FOLDER", default=Path("/"))
    parser.add_argument("--output", type=Path, metavar="FILE")
    given = parser.parse_args()
    if missing := [str(folder) for folder in [*given.sites, *filter(None, [given.models]), given.root] if not folder.is_dir()]:
        raise SystemExit(f"no such folder: {', '.join(missing)}")
    text = JsonV1Dot6(bill(given.sites, given.models, given.root)).output_as_string(indent=2)
    if given.output is None:
        sys.stdout.write(f"{text}\n")
    else:
        given.output.parent.mkdir(parents=True, exist_ok=True)
        given.output.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
