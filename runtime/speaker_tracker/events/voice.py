"""Speaker embeddings, the model that they come from, and how that model's embeddings vary."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events.base import Event


@dataclass(frozen=True, slots=True)
class VoiceCalibration:
    """How embeddings of length 1 vary, measured on recordings of known people who were not in the training data.

    Variances are those of all directions together. The first three add up to 1.

    ``within_variance``: mean squared distance of a window of ``VoiceModel.calibrated_seconds`` from the position of its voice.
    ``between_variance``: mean squared distance of the positions of voices from their common mean.
    ``common_variance``: squared length of that mean: what all voices of one kind of recording have in common.
    ``style_variance``: mean squared distance of a voice in one utterance from the same voice in the whole recording; people read,
    call, laugh and tire.
    ``channel_variance``: the same from one recording of a voice to another: another day, microphone or room.
    ``effective_dimension``: in how many directions embeddings vary independently, as far as telling voices apart goes: the number
    that makes log-likelihood ratios of pairs of windows right.
    ``evidence_by_seconds``: pairs of what a window heard (seconds) and what that is worth, as a share of a window of
    ``VoiceModel.calibrated_seconds``; in between, linear.
    ``equal_error_rate``: of the plain cosine of two windows of ``VoiceModel.calibrated_seconds``, 0 to 1.
    ``measured_on``: what these figures come from, for people.
    """

    within_variance: float
    between_variance: float
    common_variance: float
    style_variance: float
    channel_variance: float
    effective_dimension: float
    evidence_by_seconds: tuple[tuple[float, float], ...]
    equal_error_rate: float
    measured_on: str


@dataclass(frozen=True, slots=True)
class VoiceModel:
    """The model that embeddings come from; embeddings of different models cannot be compared.

    ``name``: for people, such as ``ecapa-mini``.
    ``dimension``: length of its embeddings.
    ``same_voice_cosine``: the cosine of two embeddings at which the same voice and two voices are equally likely, for windows of
    ``calibrated_seconds``; comes with the model, measured on speakers that it was not trained on.
    ``version``: of its weights; embeddings of two versions cannot be compared either.
    ``calibration``: how its embeddings vary; None where nobody has measured it. ``speaker-tracker models calibrate`` does.
    """

    name: str
    dimension: int
    same_voice_cosine: float
    calibrated_seconds: float
    calibration: VoiceCalibration | None = None
    version: int = 1


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
