"""``pyannote_segmentation``: how many people speak, and where the speaker changes, by pyannote's segmentation-3.0."""

from speaker_tracker_plugins.pyannote_segmentation.stage import speaker_tracker_stages

__all__ = ["speaker_tracker_stages"]
