"""Voice models: the known ones, their folders, and the download from the hub. Imports neither PyTorch nor SpeechBrain."""

from speaker_tracker.models.catalogue import CatalogueEntry, cache_folder, hub_folder, list_models, resolve
from speaker_tracker.models.errors import ModelError
from speaker_tracker.models.folder import EMBEDDED_FOLDER, ModelFolder

__all__ = ["EMBEDDED_FOLDER", "CatalogueEntry", "ModelError", "ModelFolder", "cache_folder", "hub_folder", "list_models", "resolve"]
