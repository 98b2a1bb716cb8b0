"""``kmeans_assigner``: speakers by beam search over a model of voices, corrected by KMeans; docs/assigner.md explains it."""

from speaker_tracker_stages.kmeans_assigner.stage import speaker_tracker_stages

__all__ = ["speaker_tracker_stages"]
