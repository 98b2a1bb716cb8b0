"""``speechbrain_embedding``: speaker embeddings by a SpeechBrain model, and its export for ONNX Runtime."""

from speaker_tracker_stages.speechbrain_embedding.stage import speaker_tracker_stages

__all__ = ["speaker_tracker_stages"]
