"""Export of a SpeechBrain voice model for ONNX Runtime, used by ``speaker-tracker models export``."""

from speaker_tracker_stages.speechbrain_embedding.onnx_export.exporter import Export, export

__all__ = ["Export", "export"]
