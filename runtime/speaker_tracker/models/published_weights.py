"""Weights that others publish: where they are, and whether they are the right ones. Works offline, without PyTorch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from speaker_tracker.models.errors import ModelError
from speaker_tracker.models.folder import missing_files


@dataclass(frozen=True, slots=True)
class PublishedWeights:
    """A file that is fetched into the model cache, or lies in an installed package, which is not imported.

    ``title``: of the model, for people. ``file``: its name. ``sha256``: of its content. ``package``, ``package_folder``: which
    package carries it, and the folder in it. ``remedy``: how to get it, as "run ...".
    """

    title: str
    file: str
    sha256: str
    package: str
    package_folder: str
    remedy: str

    def in_package(self) -> Path | None:
        """Folder with the file in the installed package; None if there is none."""
        spec = find_spec(self.package)
        for place in (spec.submodule_search_locations or ()) if spec is not None else ():
            folder = Path(place) / self.package_folder
            if not missing_files(folder, (self.file,)):
                return folder
        return None

    def found(self, fetched: Path) -> Path | None:
        """Folder with the file: ``fetched``, where it is or would be in the cache, else the package's; None if neither has it."""
        return self.in_package() if missing_files(fetched, (self.file,)) else fetched

    def find(self, source: str, fetched: Path) -> Path:
        """The file that ``source`` names: ``auto`` (as ``found``) or its path. Raises ``ModelError`` where there is none."""
        if source != "auto":
            file = Path(source).expanduser()
            if not file.is_file():
                raise ModelError(f"{source!r} is no source of {self.title}'s weights: it is 'auto' or the path of {self.file}")
            return file
        folder = self.found(fetched)
        if folder is None:
            raise ModelError(
                f"the weights of {self.title} are neither in {fetched} nor in an installed package {self.package}; {self.remedy}"
            )
        return folder / self.file

    def read(self, file: Path) -> bytes:
        """The content of ``file``, which is the published one by its digest. Raises ``ModelError`` where it is not."""
        try:
            content = file.read_bytes()
        except OSError as error:
            raise ModelError(f"{file} cannot be read: {error.strerror or error}") from error
        digest = hashlib.sha256(content).hexdigest()
        if digest != self.sha256:
            raise ModelError(
                f"{file} does not hold the published weights of {self.title}: its SHA-256 digest is {digest[:12]}… instead of "
                f"{self.sha256[:12]}…; delete it and {self.remedy}"
            )
        return content
