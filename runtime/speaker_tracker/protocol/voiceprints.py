"""Voiceprints: what a server hands to a client of how somebody sounds, and what the client brings back to have them known again."""

from __future__ import annotations

import base64
import binascii
import math
import struct
from collections.abc import Sequence
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, field_validator

MAX_MODEL_NAME = 200
"""Maximum length of a model's name."""
MAX_VECTOR_CHARACTERS = 8192
"""Maximum length of a vector in base64: 3072 values."""
BYTES_PER_VALUE = 2
"""Bytes of a float16."""
EXAMPLE_VECTOR = "AC4AsgAyALA="

Seconds = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]


class Voiceprint(BaseModel):
    """How a voice sounds to a voice model: the mean embedding of a person's speech in one session.

    It is of use to servers with the same model alone. Speech cannot be made of it, but whoever has it can recognize the voice.
    """

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={"examples": [{"model": "ecapa-mini", "version": 1, "vector": EXAMPLE_VECTOR, "seconds": 42.1}]},
    )

    model: Annotated[StrictStr, Field(min_length=1, max_length=MAX_MODEL_NAME, description="Name of the voice model.")]
    version: Annotated[
        StrictInt,
        Field(ge=1, le=1 << 31, description="Version of the model's weights; those of other versions cannot be compared."),
    ] = 1
    vector: Annotated[
        StrictStr,
        Field(
            min_length=1,
            max_length=MAX_VECTOR_CHARACTERS,
            description="The mean of embeddings of length 1, as base64 of float16 values, little-endian.",
        ),
    ]
    seconds: Annotated[Seconds, Field(description="Speech that it was made of.")]

    @field_validator("vector")
    @classmethod
    def _finite_values(cls, vector: str) -> str:
        values = _decoded(vector)
        if not all(map(math.isfinite, values)):
            raise ValueError("it has values that are no numbers (NaN or infinite)")
        if not any(values):
            raise ValueError("all its values are 0, so it holds no voice")
        return vector

    @classmethod
    def of(cls, model: str, version: int, values: Sequence[float], seconds: float) -> Self:
        """The print of a mean embedding: ``values`` of any number, rounded to float16. ``seconds``: speech it was made of."""
        vector = base64.b64encode(struct.pack(f"<{len(values)}e", *values)).decode("ascii")
        return cls(model=model, version=version, vector=vector, seconds=round(seconds, 1))

    @property
    def values(self) -> tuple[float, ...]:
        """The mean embedding."""
        return _decoded(self.vector)


class KnownVoice(BaseModel):
    """A person and one of their voiceprints; several with the same name are prints of the same person."""

    model_config = ConfigDict(frozen=True)

    name: Annotated[StrictStr, Field(min_length=1, description="What the person is called in messages.")]
    voiceprint: Voiceprint

    @field_validator("name")
    @classmethod
    def _visible_name(cls, name: str) -> str:
        if not name.strip():
            raise ValueError("it is empty")
        if any(ord(character) < ord(" ") or character == "\x7f" for character in name):
            raise ValueError("it has control characters, such as a line break")
        return name.strip()


def _decoded(vector: str) -> tuple[float, ...]:
    try:
        data = base64.b64decode(vector, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("it is not base64") from error
    if len(data) % BYTES_PER_VALUE:
        raise ValueError(f"it holds {len(data)} bytes, which is no whole number of float16 values")
    values: tuple[Any, ...] = struct.unpack(f"<{len(data) // BYTES_PER_VALUE}e", data)
    return values
