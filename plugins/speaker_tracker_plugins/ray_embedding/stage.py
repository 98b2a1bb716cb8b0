"""The stage ``ray_embedding``: cuts windows here, and has them embedded by a deployment of Ray Serve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from speaker_tracker import hookimpl
from speaker_tracker.errors import MissingExtraError, UserError
from speaker_tracker.events import SpeechAudio, SpeechEnded, SpeechStarted, VoiceEmbedding
from speaker_tracker.stage import LoadedStage, StageLoadError, StageOptions, StageSpec
from speaker_tracker.stagekit.window_embedding import WindowEmbedding

Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]


class RayEmbeddingOptions(StageOptions):
    """Options of ``ray_embedding``; those of windows are the options of the stage whose model is asked."""

    application: str | None = Field(
        None, description="Serve application with the model; default: the one that this server is part of, else speaker-tracker"
    )
    deployment: str = Field("VoiceModel", description="Serve deployment that holds the model")
    configuration: str | None = Field(
        None, description="configuration that the model must have, set by the application; default: whichever it has"
    )
    address: str = Field("auto", description="Ray cluster, for a server that is no part of it: auto (the one around), or host:port")
    timeout_seconds: Seconds = Field(30.0, description="time for an answer, with all repetitions, after which a session fails")
    attempt_seconds: Seconds = Field(5.0, description="time for one attempt, after which another replica is asked")
    load_seconds: Seconds = Field(300.0, description="time for the deployment to be there when the server starts")


def _load(options: RayEmbeddingOptions) -> LoadedStage:
    try:
        from speaker_tracker_plugins.ray_embedding.remote_model import Patience, RemoteVoiceModel, Wanted  # noqa: PLC0415 - imports Ray
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("ray"):
            raise
        raise StageLoadError(str(MissingExtraError.of("ray_embedding", "Ray Serve", "ray"))) from error
    try:
        patience = Patience(options.timeout_seconds, options.attempt_seconds, options.load_seconds)
        wanted = Wanted(options.application, options.deployment, options.configuration)
        remote = RemoteVoiceModel(wanted, address=options.address, patience=patience)
    except UserError as error:
        raise StageLoadError(str(error)) from error
    described = remote.description
    return LoadedStage(
        lambda _session: WindowEmbedding(described.windows, described.model),
        remote.infer,
        {**described.info, "deployment": f"{remote.application}/{options.deployment}"},
        close=remote.close,
        counters=remote.counters,
        voice_model=described.model,
        infer_waits=True,
    )


@hookimpl
def speaker_tracker_stages() -> Sequence[StageSpec]:
    """Offers ``ray_embedding``."""
    return [
        StageSpec(
            name="ray_embedding",
            summary="embeds speech by a model that a Ray Serve deployment holds for many servers",
            options=RayEmbeddingOptions,
            consumes=frozenset({SpeechStarted, SpeechAudio, SpeechEnded}),
            produces=frozenset({VoiceEmbedding}),
            load=_load,
            cpu_heavy=True,
        )
    ]
