"""The server as an application of Ray Serve: ``import_path: speaker_tracker.ray_serve:application``; docs/ray.md says how.

Needs the extra ``ray``.
"""

from speaker_tracker.ray_serve.application import application
from speaker_tracker.ray_serve.arguments import ApplicationArguments, FrontEndArguments, VoiceModelArguments

__all__ = ["ApplicationArguments", "FrontEndArguments", "VoiceModelArguments", "application"]
