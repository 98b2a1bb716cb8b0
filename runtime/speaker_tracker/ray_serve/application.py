"""The Serve application: front ends with sessions, and a voice model that they share."""

# Annotations are not postponed here: Serve makes the arguments of a configuration into what the builder's annotation is.
from ray.serve import Application

from speaker_tracker.ray_serve.arguments import ApplicationArguments
from speaker_tracker.ray_serve.front_end import front_end_builder, front_end_deployment, front_end_settings
from speaker_tracker.ray_serve.voice_model import configuration, voice_model_deployment


def application(arguments: ApplicationArguments) -> Application:
    """The application, for ``serve.run``, ``serve run``, or ``import_path`` in a Serve configuration. Raises ``UserError``.

    Settings are read here, so that a wrong one fails the deployment, and again in each replica.
    """
    given, stage = arguments.settings, arguments.embedding_stage
    settings = front_end_settings(given, stage)
    meant = configuration(settings, stage)
    front_end = front_end_deployment(arguments.front_end, settings, front_end_builder(given, stage, meant))
    return front_end.bind(voice_model_deployment(arguments.voice_model, given, stage, meant))
