"""What a stretch of speech sounds like: speaker embeddings."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events.base import Event


@dataclass(frozen=True, slots=True)
class VoiceModel:
    """The model that embeddings come from; embeddings of different models cannot be compared.

    ``name``: for people, such as ``ecapa-mini``.
    ``dimension``: length of its vectors.
    ``same_voice_cosine``: the cosine of two embeddings at which the same voice and two voices are equally likely, for windows of
    ``calibrated_seconds``; comes with the model, measured on speakers it was not trained on.
    """

    name: str
    dimension: int
    same_voice_cosine: float
    calibrated_seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class VoiceEmbedding(Event):
    """The voice heard in ``[start, end)`` (samples), all within one segment of speech; windows may overlap each other.

    ``vector``: float32, shape ``(model.dimension,)``, of unit length.
    ``model``: what made it.
    """

    start: int
    end: int
    vector: NDArray[np.float32]
    model: VoiceModel
