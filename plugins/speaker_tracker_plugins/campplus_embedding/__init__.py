"""``campplus_embedding``: speaker embeddings by CAM++, and its export for ONNX Runtime."""

from speaker_tracker_plugins.campplus_embedding.stage import speaker_tracker_stages

__all__ = ["speaker_tracker_stages"]
