"""``speaker_segmentation``: how many people speak, and where the speaker changes, by the model ``segmentation-mini``."""

from speaker_tracker_stages.speaker_segmentation.stage import speaker_tracker_stages

__all__ = ["speaker_tracker_stages"]
