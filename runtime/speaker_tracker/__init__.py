"""Speaker Tracker: tells, live, who is speaking."""

from importlib.metadata import version

from speaker_tracker.hookspecs import hookimpl

__all__ = ["__version__", "hookimpl"]

__version__ = version("speaker-tracker")
