"""Tracking in a program of one's own, live and without a server: audio in, the events of the Python client out."""

from speaker_tracker.live.models import TrackerModels, load_models
from speaker_tracker.live.tracker import LiveTracker

__all__ = ["LiveTracker", "TrackerModels", "load_models"]
