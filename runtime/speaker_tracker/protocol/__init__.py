"""The wire protocol: messages, error codes, close codes and the format of the audio. Public; loads neither NumPy nor pluggy."""

from typing import TYPE_CHECKING, Any

from speaker_tracker.protocol.audio_format import BYTES_PER_MS, BYTES_PER_SAMPLE, BYTES_PER_SECOND, PCM_FORMAT
from speaker_tracker.protocol.codes import CLOSE_CODE_OF, CloseCode, ErrorCode, HintCode
from speaker_tracker.protocol.messages import (
    DEFAULT_SPEAKERS,
    MAX_GAP_MS,
    MAX_SESSION_TOKEN_LENGTH,
    MAX_SPEAKERS,
    PROTOCOL_VERSION,
    ClientCommand,
    ErrorMessage,
    GapCommand,
    HintMessage,
    KeepAliveCommand,
    OtherVoicesTotal,
    ReportMessage,
    ResumeCommand,
    ResumedMessage,
    SegmentMessage,
    ServerMessage,
    SpeakerMessage,
    SpeakerTotal,
    SpeakerVoiceprint,
    StartCommand,
    StartedMessage,
    StopCommand,
    TimelineMessage,
    VoiceprintsMessage,
)
from speaker_tracker.protocol.voiceprints import KnownVoice, Voiceprint

if TYPE_CHECKING:
    from speaker_tracker.errors import BadInput

__all__ = [
    "BYTES_PER_MS",
    "BYTES_PER_SAMPLE",
    "BYTES_PER_SECOND",
    "CLOSE_CODE_OF",
    "DEFAULT_SPEAKERS",
    "MAX_GAP_MS",
    "MAX_SESSION_TOKEN_LENGTH",
    "MAX_SPEAKERS",
    "PCM_FORMAT",
    "PROTOCOL_VERSION",
    "BadInput",
    "ClientCommand",
    "CloseCode",
    "ErrorCode",
    "ErrorMessage",
    "GapCommand",
    "HintCode",
    "HintMessage",
    "KeepAliveCommand",
    "KnownVoice",
    "OtherVoicesTotal",
    "ReportMessage",
    "ResumeCommand",
    "ResumedMessage",
    "SegmentMessage",
    "ServerMessage",
    "SpeakerMessage",
    "SpeakerTotal",
    "SpeakerVoiceprint",
    "StartCommand",
    "StartedMessage",
    "StopCommand",
    "TimelineMessage",
    "Voiceprint",
    "VoiceprintsMessage",
]


def __getattr__(name: str) -> Any:
    """Lazily imported ``BadInput`` of ``speaker_tracker.errors``, which was here in 0.1."""
    if name == "BadInput":
        from speaker_tracker.errors import BadInput  # noqa: PLC0415 - the contract builds on the protocol

        return BadInput
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
