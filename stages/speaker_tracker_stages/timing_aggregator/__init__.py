"""``timing_aggregator``: the timeline of speakers, and how long each has spoken."""

from speaker_tracker_stages.timing_aggregator.stage import speaker_tracker_stages

__all__ = ["speaker_tracker_stages"]
