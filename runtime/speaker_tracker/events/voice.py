"""Speaker embeddings."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events.base import Event


@dataclass(frozen=True, slots=True)
class VoiceModel:
    """The model that embeddings come from; embeddings of different models cannot be compared.

    ``name``: for people, such as ``ecapa-mini``.
    ``dimension``: length of its embeddings.
    ``same_voice_cosine``: the cosine of two embeddings at which the same voice and two voices are equally likely, for windows of
    ``calibrated_seconds``; comes with the model, measured on speakers that it was not trained on.
    """

    name: str
    dimension: int
    same_voice_cosine: float
    calibrated_seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class VoiceEmbedding(Event):
    """Embedding of the speech in ``[start, end)`` (samples), computed from the window ``[heard_start, heard_end)`` around it.

    These intervals tile a segment of speech in order and without gaps; the windows around them are longer, overlap each other and
    lie within the segment, too.

    ``vector``: float32, shape ``(model.dimension,)``, of unit length.
    ``model``: the model that computed it.
    """

    start: int
    end: int
    heard_start: int
    heard_end: int
    vector: NDArray[np.float32]
    model: VoiceModel
