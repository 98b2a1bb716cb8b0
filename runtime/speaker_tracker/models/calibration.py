"""``calibration.json`` of a model: its identity, and how its embeddings vary. Read and written here alone."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from speaker_tracker.events import VoiceCalibration, VoiceModel
from speaker_tracker.models.errors import ModelError

CALIBRATION = "calibration.json"
VERSION = 2
CALIBRATE_COMMAND = "speaker-tracker models calibrate"
SUM_TOLERANCE = 0.02
"""By how much within, between and common variance together may differ from 1."""

Share = Annotated[float, Field(ge=0, lt=1)]


class Identity(BaseModel):
    """What version 1 of the file has, and files that were written by hand; each field may be missing."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False, extra="ignore")

    version: Literal[1, 2] = 1
    model_version: Annotated[int, Field(ge=1, le=1 << 31)] = 1
    name: Annotated[str, Field(min_length=1)] | None = None
    dimension: Annotated[int, Field(ge=1, le=1 << 16)] | None = None
    same_voice_cosine: Annotated[float, Field(ge=-1, le=1)] | None = None
    calibrated_seconds: Annotated[float, Field(ge=0.1, le=3600)] | None = None


class Figures(BaseModel):
    """What version 2 has besides: the fields of ``VoiceCalibration``."""

    model_config = ConfigDict(allow_inf_nan=False, extra="ignore")

    within_variance: Annotated[float, Field(gt=0, lt=1)]
    between_variance: Annotated[float, Field(gt=0, lt=1)]
    common_variance: Share
    style_variance: Share
    channel_variance: Share
    effective_dimension: Annotated[float, Field(ge=1, le=1 << 16)]
    evidence_by_seconds: Annotated[
        list[tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]], Field(min_length=1, max_length=100)
    ]
    equal_error_rate: Share
    measured_on: str

    @model_validator(mode="after")
    def _agree(self) -> Figures:
        total = self.within_variance + self.between_variance + self.common_variance
        if abs(total - 1) > SUM_TOLERANCE:
            raise ValueError(f"within_variance, between_variance and common_variance add up to {total:.3f} instead of 1")
        seconds = [pair[0] for pair in self.evidence_by_seconds]
        if sorted(set(seconds)) != seconds:
            raise ValueError("evidence_by_seconds must be in order of seconds, each once")
        return self


def read_model(folder: Path, *, name: str, dimension: int, same_voice_cosine: float, calibrated_seconds: float) -> VoiceModel:
    """The model of ``folder`` as its ``calibration.json`` has it; the arguments stand in for what is missing.

    A file of version 1, or none, leaves ``VoiceModel.calibration`` None. Raises ``ModelError``.
    """
    document = _document(folder / CALIBRATION)
    try:
        identity = Identity.model_validate(document)
        figures = Figures.model_validate(document) if identity.version == VERSION else None
    except ValidationError as error:
        raise ModelError(f"{folder / CALIBRATION}: {_sentence(error)}; `{CALIBRATE_COMMAND}` makes it anew") from error
    return VoiceModel(
        name=identity.name or name,
        dimension=identity.dimension or dimension,
        same_voice_cosine=same_voice_cosine if identity.same_voice_cosine is None else identity.same_voice_cosine,
        calibrated_seconds=identity.calibrated_seconds or calibrated_seconds,
        calibration=None if figures is None else _calibration(figures),
        version=identity.model_version,
    )


def write_model(model: VoiceModel, file: Path) -> None:
    """Writes ``calibration.json`` of a model, of version 2 where it has been calibrated. Raises ``ModelError``."""
    others = {"calibration", "version"}
    document: dict[str, object] = {field.name: getattr(model, field.name) for field in fields(model) if field.name not in others}
    document["model_version"] = model.version
    if model.calibration is not None:
        document = {"version": VERSION, **document, **asdict(model.calibration)}
    try:
        file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ModelError(f"{file} cannot be written: {error.strerror or error}") from error


def lacking(folder: Path) -> list[str]:
    """Which fields of a model's identity ``calibration.json`` in ``folder`` lacks. Raises ``ModelError``."""
    document = _document(folder / CALIBRATION)
    return [name for name in Identity.model_fields if name not in {"version", "model_version"} and name not in document]


def _document(file: Path) -> dict[str, object]:
    if not file.exists():
        return {}
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{file} is not readable as JSON: {error}") from error
    if not isinstance(document, dict):
        raise ModelError(f"{file} must hold a JSON object")
    return document


def _calibration(figures: Figures) -> VoiceCalibration:
    values = figures.model_dump()
    return VoiceCalibration(**{**values, "evidence_by_seconds": tuple(map(tuple, values["evidence_by_seconds"]))})


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    reason = first["msg"].removeprefix("Value error, ")
    return f"{where} cannot be {first['input']!r} ({reason})" if where else reason
