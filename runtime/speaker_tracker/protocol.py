"""The wire protocol: every message as a model, the error codes, and how they close a connection.

Client to server: JSON text frames (``start``, ``stop``) and binary frames of PCM. Server to client: JSON text frames.
"""

from enum import IntEnum, StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, StrictBool, StrictInt, model_serializer

MAX_SPEAKERS = 5
DEFAULT_SPEAKERS = 2

PCM_FORMAT = "raw PCM: 16 kHz, signed 16-bit little-endian, mono, without a header"
"""How the expected audio is named in every error message."""


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
    """Stable words for programs; the message beside them is for people."""

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
    SERVER_BUSY = "server_busy"
    SHUTTING_DOWN = "shutting_down"
    STAGE_FAILED = "stage_failed"


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
    ErrorCode.SERVER_BUSY: CloseCode.TRY_AGAIN_LATER,
    ErrorCode.SHUTTING_DOWN: CloseCode.TRY_AGAIN_LATER,
    ErrorCode.STAGE_FAILED: CloseCode.INTERNAL_ERROR,
}
"""The close code that follows each error."""


class BadInput(Exception):
    """A client sent what the protocol does not allow; the session answers with an error message and ends.

    Stages raise it too. ``message`` says what was wrong and what is right.
    """

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class StartCommand(BaseModel):
    """Opens the session: ``{"action": "start", "num_speakers": 2}``. Keys that the server does not know are ignored."""

    model_config = ConfigDict(frozen=True)

    action: Literal["start"] = "start"
    num_speakers: Annotated[StrictInt, Field(ge=1, le=MAX_SPEAKERS)] = DEFAULT_SPEAKERS
    timeline: StrictBool = False


class StopCommand(BaseModel):
    """Ends the session: ``{"action": "stop"}``; the report follows."""

    model_config = ConfigDict(frozen=True)

    action: Literal["stop"] = "stop"


class StartedMessage(BaseModel):
    """Answer to ``start``."""

    model_config = ConfigDict(frozen=True)

    event: Literal["started"] = "started"
    num_speakers: int


class SpeakerMessage(BaseModel):
    """Who speaks now and how long each speaker has spoken so far, sent periodically.

    ``currentSpeakerId`` is null while nobody tracked speaks; ``speakingTimeMs`` has a key for each speaker who has appeared.
    """

    model_config = ConfigDict(frozen=True)

    event: Literal["speaker"] = "speaker"
    currentSpeakerId: int | None  # noqa: N815 - the wire's own spelling
    speakingTimeMs: dict[int, int]  # noqa: N815


class SegmentMessage(BaseModel):
    """``speakerId`` speaks in ``[startMs, endMs)``; null: nobody tracked does."""

    model_config = ConfigDict(frozen=True)

    startMs: int  # noqa: N815
    endMs: int  # noqa: N815
    speakerId: int | None  # noqa: N815


class TimelineMessage(BaseModel):
    """Segments that are new or changed (opt-in ``timeline``); where a later message covers a span again, the later one holds.

    ``audioMs``: how much audio had been taken in when this was sent.
    """

    model_config = ConfigDict(frozen=True)

    event: Literal["timeline"] = "timeline"
    audioMs: int  # noqa: N815
    segments: list[SegmentMessage]


class SpeakerTotal(BaseModel):
    """One line of the report."""

    model_config = ConfigDict(frozen=True)

    id: int
    totalTimeMs: int  # noqa: N815


class ReportMessage(BaseModel):
    """How long each speaker spoke in all; with the opt-in ``timeline`` also the whole final timeline, silence left out."""

    model_config = ConfigDict(frozen=True)

    event: Literal["report"] = "report"
    speakers: list[SpeakerTotal]
    segments: list[SegmentMessage] | None = None

    @model_serializer(mode="wrap")
    def _leave_out_what_was_not_asked_for(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        body: dict[str, Any] = handler(self)
        if self.segments is None:
            del body["segments"]
        return body


class ErrorMessage(BaseModel):
    """What was wrong and what is right; the connection closes after it."""

    model_config = ConfigDict(frozen=True)

    event: Literal["error"] = "error"
    code: ErrorCode
    message: str


ClientCommand = StartCommand | StopCommand
ServerMessage = StartedMessage | SpeakerMessage | TimelineMessage | ReportMessage | ErrorMessage
