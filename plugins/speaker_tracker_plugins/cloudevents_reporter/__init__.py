"""``cloudevents_reporter``: session reports as CloudEvents over HTTP."""

from speaker_tracker_plugins.cloudevents_reporter.stage import speaker_tracker_stages

__all__ = ["speaker_tracker_stages"]
