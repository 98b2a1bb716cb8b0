"""``silero_vad``: voice activity detection by the Silero model."""

from speaker_tracker_stages.silero_vad.stage import speaker_tracker_stages

__all__ = ["speaker_tracker_stages"]
