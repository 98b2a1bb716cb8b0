"""Keeps embeddings of different models apart, as they cannot be compared."""

from __future__ import annotations

from speaker_tracker.events import VoiceModel
from speaker_tracker.stage import StateMismatch


def identity(model: VoiceModel) -> tuple[str, int]:
    """Name and dimension, by which it is known whether embeddings are of the same model."""
    return model.name, model.dimension


def check_comparable(model: VoiceModel, known: tuple[str, int]) -> None:
    """Raises ``StateMismatch`` where embeddings of ``model`` come after those of a model with another identity."""
    if identity(model) != known:
        raise StateMismatch(
            f"embeddings of {list(identity(model))} came after those of {list(known)}, and the two cannot be compared"
        )
