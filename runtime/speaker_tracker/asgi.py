"""Whole application for any ASGI server: ``hypercorn speaker_tracker.asgi:app``; docs/asgi.md says how.

``app`` takes its settings from the environment and the file of ``SPEAKER_TRACKER_CONFIG`` when the server starts. Importing this
module reads no setting and loads no model.
"""

from __future__ import annotations

from speaker_tracker.server.asgi_app import TrackerApp
from speaker_tracker.server.mounting import mount
from speaker_tracker.settings import Settings

__all__ = ["TrackerApp", "app", "create_app", "mount"]


def create_app(settings: Settings | None = None) -> TrackerApp:
    """Make an ASGI application; several in one process share nothing.

    ``settings``: None for those of the environment, which are read when the application starts.
    """
    return TrackerApp(settings)


app = create_app()
