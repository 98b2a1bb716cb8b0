"""``speaker-tracker --version``: versions of this program and its main dependencies, and the selected voice model."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from speaker_tracker import __version__
from speaker_tracker.models.catalogue import CatalogueEntry, list_models
from speaker_tracker.settings import SettingsError, load_settings

PACKAGES = ("torch", "onnxruntime", "speechbrain", "silero-vad")
"""Dependencies to list if they are installed; none of them is imported."""
WEIGHTS = "embedding_model.ckpt"
DIGEST_CHARACTERS = 12


def version_lines() -> list[str]:
    """One line for each component."""
    installed = [f"{name} {found}" for name in PACKAGES if (found := _installed(name)) is not None]
    return [f"speaker-tracker {__version__}", f"Python {platform.python_version()}", *installed, _model()]


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _model() -> str:
    chosen = next((entry for entry in list_models(_model_cache()) if entry.chosen_by_auto and entry.complete), None)
    return "no voice model" if chosen is None else f"voice model {chosen.name}, {chosen.origin} (weights {_digest(chosen)})"


def _digest(entry: CatalogueEntry) -> str:
    return "SHA-256 " + hashlib.sha256((entry.folder / WEIGHTS).read_bytes()).hexdigest()[:DIGEST_CHARACTERS]


def _model_cache() -> Path | None:
    """The setting ``model_cache``; None if the settings are invalid, so that versions are printed all the same."""
    try:
        return load_settings().model_cache
    except SettingsError:
        return None
