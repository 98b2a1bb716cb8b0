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
    """The voice in ``[start, end)`` (samples), judged by what was heard in the window ``[heard_start, heard_end)`` around it.

    Stretches come in order and without gaps from the start of a segment of speech to its end; windows are longer than the
    stretches they stand for, overlap each other and lie within the segment, too.

    ``vector``: float32, shape ``(model.dimension,)``, of unit length.
    ``model``: what made it.
    """

    start: int
    end: int
    heard_start: int
    heard_end: int
    vector: NDArray[np.float32]
    model: VoiceModel
