"""Voice models: which there are, where they lie and how the hub's is fetched. Neither PyTorch nor SpeechBrain is imported here."""

from speaker_tracker.models.catalogue import CatalogueEntry, cache_folder, hub_folder, list_models, resolve
from speaker_tracker.models.folder import ModelError, ModelFolder

__all__ = ["CatalogueEntry", "ModelError", "ModelFolder", "cache_folder", "hub_folder", "list_models", "resolve"]
