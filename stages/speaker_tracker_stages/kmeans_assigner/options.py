"""Options of ``kmeans_assigner``, and the model's parameters that they make."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, Field

from speaker_tracker.stage import StageOptions
from speaker_tracker_stages.kmeans_assigner.likelihood import VoiceLikelihood
from speaker_tracker_stages.kmeans_assigner.penalties import Penalties

ONE_SPEAKER_FACTOR = 1.5
"""Factor on the variance between channels where one speaker is asked for: a second voice is then unlikely to begin with."""


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
        20.0,
        validation_alias=AliasChoices("untracked_voice_penalty", "beyond_price"),
        description="penalty of a voice beyond num_speakers, and of each observation of it; such voices are left out",
    )
    within_variance_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.75,
        validation_alias=AliasChoices("within_variance_share", "within_share"),
        description="variance within a voice as a share of 1 - same_voice_cosine of the model",
    )
    style_variance_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.05,
        validation_alias=AliasChoices("style_variance_share", "manner_share"),
        description="variance between one voice's styles of speaking, as a share of the same",
    )
    channel_variance_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.11,
        description="the same between channels of one voice, used where nobody else is heard",
    )
    effective_dimension: Annotated[float, Field(ge=1, le=1000)] = Field(
        110.0,
        validation_alias=AliasChoices("effective_dimension", "dimension"),
        description="directions in which embeddings vary independently",
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

    def likelihood(self, same_voice_cosine: float, num_speakers: int) -> VoiceLikelihood:
        """The model's parameters for embeddings of a calibrated model, from ``VoiceModel.same_voice_cosine``."""
        within = self.within_variance_share * (1.0 - same_voice_cosine)
        style = self.style_variance_share * (1.0 - same_voice_cosine)
        channel = self.channel_variance_share * (1.0 - same_voice_cosine)
        if num_speakers == 1:
            channel *= ONE_SPEAKER_FACTOR
        channel = max(style, channel)
        return VoiceLikelihood(
            within, between=1.0 - within, style=style, channel=max(style, channel), dimension=self.effective_dimension
        )
