"""Codes of errors and hints, and the WebSocket close codes that follow them."""

from enum import IntEnum, StrEnum


class CloseCode(IntEnum):
    """WebSocket close codes that the server uses (RFC 6455, section 7.4.1; 1013 from its IANA registry)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    UNSUPPORTED_DATA = 1003
    INVALID_DATA = 1007
    POLICY = 1008
    TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    TRY_AGAIN_LATER = 1013


class ErrorCode(StrEnum):
    """Stable error identifiers for programs; the accompanying message is for people."""

    INVALID_JSON = "invalid_json"
    INVALID_MESSAGE = "invalid_message"
    UNKNOWN_ACTION = "unknown_action"
    INVALID_NUM_SPEAKERS = "invalid_num_speakers"
    NOT_STARTED = "not_started"
    ALREADY_STARTED = "already_started"
    UNSUPPORTED_AUDIO = "unsupported_audio"
    ODD_LENGTH = "odd_length"
    FRAME_TOO_LARGE = "frame_too_large"
    SESSION_TOO_LONG = "session_too_long"
    IDLE_TIMEOUT = "idle_timeout"
    START_TIMEOUT = "start_timeout"
    TOO_MANY_MESSAGES = "too_many_messages"
    TOO_MANY_SESSIONS = "too_many_sessions"
    SERVER_BUSY = "server_busy"
    SHUTTING_DOWN = "shutting_down"
    INVALID_KNOWN_VOICES = "invalid_known_voices"
    VOICEPRINT_MODEL = "voiceprint_model"
    KNOWN_VOICES_OFF = "known_voices_off"
    SESSION_UNKNOWN = "session_unknown"
    SESSION_INCOMPATIBLE = "session_incompatible"
    SESSION_TAKEN_OVER = "session_taken_over"
    STAGE_FAILED = "stage_failed"


class HintCode(StrEnum):
    """Stable identifiers of hints for programs. More may follow."""

    AUDIO_FORMAT = "audio_format"
    """Some of the audio looks like samples of another format."""
    STEREO = "stereo"
    """The audio looks like two interleaved channels, though it may be mono."""
    SAMPLE_RATE = "sample_rate"
    """The audio looks like one of a higher sample rate, and so like slow speech."""


CLOSE_CODE_OF: dict[ErrorCode, CloseCode] = {
    ErrorCode.INVALID_JSON: CloseCode.INVALID_DATA,
    ErrorCode.INVALID_MESSAGE: CloseCode.POLICY,
    ErrorCode.UNKNOWN_ACTION: CloseCode.POLICY,
    ErrorCode.INVALID_NUM_SPEAKERS: CloseCode.POLICY,
    ErrorCode.NOT_STARTED: CloseCode.POLICY,
    ErrorCode.ALREADY_STARTED: CloseCode.POLICY,
    ErrorCode.UNSUPPORTED_AUDIO: CloseCode.UNSUPPORTED_DATA,
    ErrorCode.ODD_LENGTH: CloseCode.INVALID_DATA,
    ErrorCode.FRAME_TOO_LARGE: CloseCode.TOO_BIG,
    ErrorCode.SESSION_TOO_LONG: CloseCode.POLICY,
    ErrorCode.IDLE_TIMEOUT: CloseCode.POLICY,
    ErrorCode.START_TIMEOUT: CloseCode.POLICY,
    ErrorCode.TOO_MANY_MESSAGES: CloseCode.POLICY,
    ErrorCode.TOO_MANY_SESSIONS: CloseCode.TRY_AGAIN_LATER,
    ErrorCode.SERVER_BUSY: CloseCode.TRY_AGAIN_LATER,
    ErrorCode.SHUTTING_DOWN: CloseCode.TRY_AGAIN_LATER,
    ErrorCode.INVALID_KNOWN_VOICES: CloseCode.POLICY,
    ErrorCode.VOICEPRINT_MODEL: CloseCode.POLICY,
    ErrorCode.KNOWN_VOICES_OFF: CloseCode.POLICY,
    ErrorCode.SESSION_UNKNOWN: CloseCode.POLICY,
    ErrorCode.SESSION_INCOMPATIBLE: CloseCode.POLICY,
    ErrorCode.SESSION_TAKEN_OVER: CloseCode.POLICY,
    ErrorCode.STAGE_FAILED: CloseCode.INTERNAL_ERROR,
}
"""The close code that follows each error."""
