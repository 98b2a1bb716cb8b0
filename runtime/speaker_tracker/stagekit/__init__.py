"""Building blocks for authors of stages: segments of speech, windows, embeddings, log-mel features, ONNX sessions, timelines.

Public. Names are imported lazily (PEP 562), so that a stage loads only what it uses.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from speaker_tracker.audio.pcm import decode_pcm, encode_pcm
    from speaker_tracker.models.calibration import read_model
    from speaker_tracker.stagekit.log_mel import LogMel
    from speaker_tracker.stagekit.onnx_session import open_onnx
    from speaker_tracker.stagekit.speaker_segmentation import SegmentationDecoder, SpeakerSegmentationOptions
    from speaker_tracker.stagekit.speech_segmenter import FrameCutter, SegmenterOptions, SegmentTimingOptions, SpeechSegmenter
    from speaker_tracker.stagekit.speech_windows import SpeechWindows, Window
    from speaker_tracker.stagekit.timeline import Timeline
    from speaker_tracker.stagekit.voice_encoder import FeatureMean, VoiceEncoder, VoiceNetwork, VoiceQuery, VoiceVectors
    from speaker_tracker.stagekit.window_embedding import WindowEmbedding, WindowEmbeddingOptions

__all__ = [
    "FeatureMean",
    "FrameCutter",
    "LogMel",
    "SegmentTimingOptions",
    "SegmentationDecoder",
    "SegmenterOptions",
    "SpeakerSegmentationOptions",
    "SpeechSegmenter",
    "SpeechWindows",
    "Timeline",
    "VoiceEncoder",
    "VoiceNetwork",
    "VoiceQuery",
    "VoiceVectors",
    "Window",
    "WindowEmbedding",
    "WindowEmbeddingOptions",
    "decode_pcm",
    "encode_pcm",
    "open_onnx",
    "read_model",
]

HOMES = {
    "FeatureMean": "stagekit.voice_encoder",
    "FrameCutter": "stagekit.speech_segmenter",
    "LogMel": "stagekit.log_mel",
    "SegmentTimingOptions": "stagekit.speech_segmenter",
    "SegmentationDecoder": "stagekit.speaker_segmentation",
    "SegmenterOptions": "stagekit.speech_segmenter",
    "SpeakerSegmentationOptions": "stagekit.speaker_segmentation",
    "SpeechSegmenter": "stagekit.speech_segmenter",
    "SpeechWindows": "stagekit.speech_windows",
    "Timeline": "stagekit.timeline",
    "VoiceEncoder": "stagekit.voice_encoder",
    "VoiceNetwork": "stagekit.voice_encoder",
    "VoiceQuery": "stagekit.voice_encoder",
    "VoiceVectors": "stagekit.voice_encoder",
    "Window": "stagekit.speech_windows",
    "WindowEmbedding": "stagekit.window_embedding",
    "WindowEmbeddingOptions": "stagekit.window_embedding",
    "decode_pcm": "audio.pcm",
    "encode_pcm": "audio.pcm",
    "open_onnx": "stagekit.onnx_session",
    "read_model": "models.calibration",
}
"""Module of each public name, below ``speaker_tracker``."""


def __getattr__(name: str) -> Any:
    """The public name ``name``, with its module imported."""
    if name in HOMES:
        return getattr(import_module(f"speaker_tracker.{HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
