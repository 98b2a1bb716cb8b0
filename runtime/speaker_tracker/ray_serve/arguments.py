"""Arguments of the Serve application: what its two deployments are, and how many replicas of them there may be."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

Count = Annotated[int, Field(ge=0, le=100_000)]
AtLeastOne = Annotated[int, Field(ge=1, le=100_000)]
Cores = Annotated[float, Field(ge=0, le=1024, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class Arguments(BaseModel):
    """Base: immutable; unknown names are refused, so that a misspelt one is not passed over."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class Replicas(Arguments):
    """Bounds of autoscaling, its pace in seconds, and what one replica takes of its node.

    ``resources``: custom resources of Ray, by name; nodes that have them are those that replicas run on.
    """

    min_replicas: Count = 1
    max_replicas: AtLeastOne = 10
    num_cpus: Cores = 1.0
    num_gpus: Cores = 0.0
    resources: dict[str, float] = {}
    upscale_delay_seconds: Seconds = 10.0
    downscale_delay_seconds: Seconds = 300.0

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Replicas:
        if self.min_replicas > self.max_replicas:
            raise ValueError(f"min_replicas ({self.min_replicas}) must not be above max_replicas ({self.max_replicas})")
        return self

    @property
    def actor_options(self) -> dict[str, Any]:
        """``ray_actor_options`` of a deployment."""
        return {"num_cpus": self.num_cpus, "num_gpus": self.num_gpus, "resources": self.resources}


class FrontEndArguments(Replicas):
    """Replicas with sessions.

    ``target_sessions``: open sessions of a replica that autoscaling aims at; None: 70 % of ``MAX_SESSIONS``.
    ``drain_seconds``: time for the sessions of a replica that is replaced or no longer needed; None: as long as a session may take.
    """

    target_sessions: Annotated[float, Field(gt=0)] | None = None
    drain_seconds: Seconds | None = None


class VoiceModelArguments(Replicas):
    """Replicas with the voice model.

    ``target_calls``: calls of a replica, running and waiting, that autoscaling aims at. ``max_calls``: calls that are sent to a
    replica before others wait. ``max_batch_windows``: windows of one model call, those of several calls together.
    ``batch_wait_seconds``: time that a call waits for others to share a model call with.
    """

    target_calls: Annotated[float, Field(gt=0)] = 2.0
    max_calls: AtLeastOne = 16
    max_batch_windows: Annotated[int, Field(ge=32, le=4096)] = 64
    batch_wait_seconds: Seconds = 0.01


class ApplicationArguments(Arguments):
    """Arguments of ``application``.

    ``settings``: the server's settings by name, in lower case, over those of the environment. ``embedding_stage``: the stage whose
    model the voice model replicas hold; its options are where they always are, in ``stage_options``. Its place in the chain is
    taken by ``ray_embedding``.
    """

    settings: dict[str, Any] = {}
    embedding_stage: str = "speechbrain_embedding"
    front_end: FrontEndArguments = FrontEndArguments()
    voice_model: VoiceModelArguments = VoiceModelArguments()
