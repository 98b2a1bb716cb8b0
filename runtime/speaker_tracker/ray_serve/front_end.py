"""Front ends: replicas that are whole servers but for the voice model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ray import serve
from ray.serve import Deployment

from speaker_tracker.asgi import TrackerApp, create_app
from speaker_tracker.ray_serve.arguments import FrontEndArguments
from speaker_tracker.server.core_dumps import write_no_core_dumps
from speaker_tracker.settings import Settings, SettingsError, load_settings

NAME = "FrontEnd"
REMOTE_STAGE = "ray_embedding"
OTHER_REQUESTS = 16
"""Requests that a replica with all of its sessions open still takes: to refuse clients by a sentence, and to tell its health."""

TARGET_SHARE = 0.7


def front_end_settings(given: Mapping[str, Any], embedding_stage: str, configuration: str | None = None) -> Settings:
    """The settings of a front end: ``given`` over those of the environment, and ``ray_embedding`` in the place of a stage.

    ``configuration``: of the voice model that is meant. Raises ``SettingsError``, also where the chain has neither stage.
    """
    settings = load_settings(**given)
    if REMOTE_STAGE not in settings.stages and embedding_stage not in settings.stages:
        raise SettingsError(
            f"the chain {', '.join(settings.stages)} has no {embedding_stage!r} whose place {REMOTE_STAGE!r} could take; give the "
            f"argument embedding_stage the name of the embedding stage in it"
        )
    stages = settings.stages
    if REMOTE_STAGE not in stages:
        stages = [REMOTE_STAGE if name == embedding_stage else name for name in stages]
    mine = {"configuration": configuration, **settings.stage_options.get(REMOTE_STAGE, {})}
    return load_settings(**{**given, "stages": stages, "stage_options": {**settings.stage_options, REMOTE_STAGE: mine}})


def front_end_builder(given: Mapping[str, Any], embedding_stage: str, configuration: str) -> Callable[[], TrackerApp]:
    """A function that makes a front end's application, by ``given`` and the environment that it is called in."""

    def build() -> TrackerApp:
        write_no_core_dumps()
        return create_app(front_end_settings(given, embedding_stage, configuration))

    return build


def front_end_deployment(arguments: FrontEndArguments, settings: Settings, build: Callable[[], TrackerApp]) -> Deployment:
    """The deployment ``FrontEnd``, which answers HTTP and WebSockets.

    ``settings``: as far as they are known here. ``build``: makes the application in each replica.
    """
    drain = arguments.drain_seconds
    if drain is None:
        drain = settings.max_session_seconds + settings.grace_seconds
    return serve.deployment(
        name=NAME,
        ray_actor_options=arguments.actor_options,
        max_ongoing_requests=settings.max_sessions + OTHER_REQUESTS,
        graceful_shutdown_timeout_s=drain,
        graceful_shutdown_wait_loop_s=1.0,
        # The old replica may be busy with its sessions for hours: the new one comes first.
        max_surge_percent=100,
        logging_config={"enable_access_log": False},  # addresses may have tokens in them
        autoscaling_config={
            "min_replicas": arguments.min_replicas,
            "max_replicas": arguments.max_replicas,
            "target_ongoing_requests": arguments.target_sessions or max(1.0, TARGET_SHARE * settings.max_sessions),
            "upscale_delay_s": arguments.upscale_delay_seconds,
            "downscale_delay_s": arguments.downscale_delay_seconds,
        },
    )(serve.ingress(build)())
