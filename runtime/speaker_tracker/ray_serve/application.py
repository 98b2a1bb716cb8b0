"""The Serve application: front ends with sessions, and a voice model that they share."""

# Annotations are not postponed here: Serve makes the arguments of a configuration into what the builder's annotation is.
from ray.serve import Application

from speaker_tracker.ray_serve.arguments import ApplicationArguments
from speaker_tracker.ray_serve.front_end import front_end_deployment, front_end_settings
from speaker_tracker.ray_serve.voice_model import voice_model_deployment


def application(arguments: ApplicationArguments) -> Application:
    """The application, for ``serve.run``, ``serve run``, or ``import_path`` in a Serve configuration. Raises ``UserError``.

    Settings are read here, so that a wrong one fails the deployment, and again in each replica.
    """
    settings = front_end_settings(arguments.settings, arguments.embedding_stage)
    front_end = front_end_deployment(arguments.front_end, settings, arguments.settings, arguments.embedding_stage)
    model = voice_model_deployment(arguments.voice_model, arguments.settings, arguments.embedding_stage)
    return front_end.bind(model)
