"""Options of ``kmeans_assigner``."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AliasChoices, Field, model_validator

from speaker_tracker.stage import StageOptions
from speaker_tracker_stages.kmeans_assigner.parameters import Overrides
from speaker_tracker_stages.kmeans_assigner.penalties import Penalties

MEASURED_NOW = {
    "within_share": "within_variance",
    "manner_share": "style_variance",
    "dimension": "effective_dimension",
}
"""Options of version 0.1 that were figures for one model, and what overrides these figures now."""


class KMeansAssignerOptions(StageOptions):
    """Options of ``kmeans_assigner``. Penalties are natural logarithms; second names of options are those of version 0.1."""

    lag_windows: Annotated[int, Field(ge=0, le=20)] = Field(
        4, description="maximum windows that a label waits while its probability is below confidence_threshold"
    )
    confidence_threshold: Annotated[float, Field(ge=0, le=1)] = Field(
        0.95,
        validation_alias=AliasChoices("confidence_threshold", "sure"),
        description="probability from which on a label is announced at once",
    )
    refit_seconds: Annotated[float, Field(gt=0, le=60)] = Field(
        4.0, description="speech between two clusterings of all evidence, at first"
    )
    refit_growth: Annotated[float, Field(ge=0, le=1)] = Field(0.1, description="the same later, as a share of the speech so far")
    refit_seconds_max: Annotated[float, Field(gt=0, le=600)] = Field(16.0, description="maximum speech between two clusterings")
    change_penalty: Annotated[float, Field(ge=0, le=50)] = Field(
        12.0,
        validation_alias=AliasChoices("change_penalty", "change_price"),
        description="penalty of a change of voice, a natural logarithm as all penalties; a tenth of it after a pause",
    )
    new_voice_penalty: Annotated[float, Field(ge=0, le=1000)] = Field(
        2.0,
        validation_alias=AliasChoices("new_voice_penalty", "voice_price"),
        description="penalty of a voice that was not heard before",
    )
    untracked_voice_penalty: Annotated[float, Field(ge=0, le=1000)] = Field(
        33.0,
        validation_alias=AliasChoices("untracked_voice_penalty", "beyond_price"),
        description="penalty of a voice beyond num_speakers, and of each observation of it; such voices are left out",
    )
    within_variance: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="variance within a voice; by default that of the model's calibration, as with the next four"
    )
    common_variance: Annotated[float, Field(ge=0, lt=1)] | None = Field(
        None, description="squared length of what all voices have in common"
    )
    style_variance: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="variance between one voice's styles of speaking"
    )
    channel_variance: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="the same between recordings of one voice, used where nobody else is heard"
    )
    effective_dimension: Annotated[float, Field(ge=1, le=1000)] | None = Field(
        None, description="directions in which embeddings vary independently"
    )
    evidence_per_second: Annotated[float, Field(gt=0, le=20)] = Field(
        1.2, description="independent observations that a second of speech is worth"
    )
    max_evidence: Annotated[float, Field(ge=10, le=100_000)] = Field(
        200.0, description="maximum observations of all evidence together, as voices change with time"
    )
    max_recent_windows: Annotated[int, Field(ge=40, le=10_000)] = Field(480, description="windows kept one by one")
    max_groups: Annotated[int, Field(ge=20, le=2000)] = Field(120, description="groups that older windows are condensed to")

    @property
    def penalties(self) -> Penalties:
        """The three penalties."""
        return Penalties(self.change_penalty, self.new_voice_penalty, self.untracked_voice_penalty)

    @model_validator(mode="before")
    @classmethod
    def _measured_now(cls, values: Any) -> Any:
        """Refuses the options of version 0.1 whose figures come with the model now."""
        for old, new in MEASURED_NOW.items():
            if isinstance(values, dict) and old in values:
                raise ValueError(f"{old} is gone, as the model's calibration has that figure now; to override it, set {new}")
        return values

    @property
    def overrides(self) -> Overrides:
        """Figures that are given instead of those of the model's calibration."""
        return Overrides(
            self.within_variance, self.common_variance, self.style_variance, self.channel_variance, self.effective_dimension
        )
