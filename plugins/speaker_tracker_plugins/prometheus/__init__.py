"""``prometheus``: an observer that serves metrics in the formats of Prometheus and OpenMetrics."""

from speaker_tracker_plugins.prometheus.plugin import speaker_tracker_observers

__all__ = ["speaker_tracker_observers"]
