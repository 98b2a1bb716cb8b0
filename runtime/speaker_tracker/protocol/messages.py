"""The messages of the wire protocol, each as a model.

Client to server: JSON text frames (``start``, ``stop``) and binary frames of PCM. Server to client: JSON text frames.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, StrictBool, StrictInt, model_serializer
from pydantic.json_schema import SkipJsonSchema

from speaker_tracker.protocol.codes import ErrorCode
from speaker_tracker.protocol.segments import TimelineSegment

PROTOCOL_VERSION = "1.0.0"
"""The second number grows with what is added to the protocol. The first stays: clients written against it go on working."""

MAX_SPEAKERS = 5
DEFAULT_SPEAKERS = 2


def _with_examples(*examples: dict[str, Any]) -> ConfigDict:
    """Messages do not change; examples of what goes over the wire are part of their schema."""
    return ConfigDict(frozen=True, json_schema_extra={"examples": list(examples)})


class StartCommand(BaseModel):
    """Opens the session.

    The first message of a connection. Keys that the server does not know are ignored.
    """

    model_config = _with_examples({"action": "start", "num_speakers": 2}, {"action": "start", "timeline": True})

    action: Literal["start"] = "start"
    num_speakers: Annotated[
        StrictInt,
        Field(
            ge=1,
            le=MAX_SPEAKERS,
            description="How many voices are tracked: the first that are heard. Written without a decimal point.",
        ),
    ] = DEFAULT_SPEAKERS
    timeline: StrictBool = Field(False, description="Whether to send `timeline` messages, and segments with the report.")


class StopCommand(BaseModel):
    """Ends the session.

    The report on all audio follows, and the connection closes with 1000. Keys that the server does not know are ignored.
    """

    model_config = _with_examples({"action": "stop"})

    action: Literal["stop"] = "stop"


class StartedMessage(BaseModel):
    """Answers `start`: the session is open, and audio may come."""

    model_config = _with_examples({"event": "started", "num_speakers": 2})

    event: Literal["started"] = "started"
    num_speakers: int = Field(description="How many voices are tracked.")


SpeakerId = Annotated[int | None, Field(description="From 0 in order of first appearance; null: nobody tracked.")]


class SpeakerMessage(BaseModel):
    """Tells who speaks now and how long each speaker has spoken so far.

    Sent after every half second of audio, or as the server is configured.
    """

    model_config = _with_examples(
        {"event": "speaker", "currentSpeakerId": 0, "speakingTimeMs": {"0": 1200, "1": 500}},
        {"event": "speaker", "currentSpeakerId": None, "speakingTimeMs": {}},
    )

    event: Literal["speaker"] = "speaker"
    currentSpeakerId: SpeakerId  # noqa: N815 - the wire's own spelling
    speakingTimeMs: dict[int, int] = Field(  # noqa: N815
        description="Milliseconds by speaker id, with a key for each speaker who has appeared.",
        json_schema_extra={"propertyNames": {"pattern": f"^[0-{MAX_SPEAKERS - 1}]$"}},
    )


class SegmentMessage(BaseModel):
    """A stretch of the timeline, from `startMs` up to but not including `endMs`."""

    model_config = ConfigDict(frozen=True)

    startMs: int = Field(description="Milliseconds from the beginning of the session's audio.")  # noqa: N815
    endMs: int  # noqa: N815
    speakerId: SpeakerId  # noqa: N815

    @classmethod
    def of(cls, segment: TimelineSegment) -> Self:
        """The message for ``segment``."""
        return cls(startMs=segment.start_ms, endMs=segment.end_ms, speakerId=segment.speaker)

    def segment(self, offset_ms: int = 0) -> TimelineSegment:
        """The segment it stands for, ``offset_ms`` later (ms)."""
        return TimelineSegment(offset_ms + self.startMs, offset_ms + self.endMs, self.speakerId)


class TimelineMessage(BaseModel):
    """Tells segments that are new or corrected; where a later message covers a span again, the later one holds.

    Sent along with `speaker` where `start` asked for the timeline. Segments are empty where nothing changed.
    """

    model_config = _with_examples(
        {
            "event": "timeline",
            "audioMs": 12340,
            "segments": [
                {"startMs": 9500, "endMs": 11200, "speakerId": 0},
                {"startMs": 11200, "endMs": 11600, "speakerId": None},
            ],
        },
        {"event": "timeline", "audioMs": 12840, "segments": []},
    )

    event: Literal["timeline"] = "timeline"
    audioMs: int = Field(description="How much audio had been taken in when this was sent.")  # noqa: N815
    segments: list[SegmentMessage]


class SpeakerTotal(BaseModel):
    """How long one speaker spoke in all."""

    model_config = ConfigDict(frozen=True)

    id: int
    totalTimeMs: int  # noqa: N815


class ReportMessage(BaseModel):
    """Tells how long each speaker spoke in all; the last message of a session, unless an error follows.

    Answers `stop`. Also sent unasked: when the server shuts down (close code 1001 follows), and before the errors `idle_timeout`
    and `session_too_long`; it then covers the audio that had been taken in.
    """

    model_config = _with_examples(
        {"event": "report", "speakers": [{"id": 0, "totalTimeMs": 45000}, {"id": 1, "totalTimeMs": 12500}]},
        {
            "event": "report",
            "speakers": [{"id": 0, "totalTimeMs": 1700}],
            "segments": [{"startMs": 9500, "endMs": 11200, "speakerId": 0}],
        },
    )

    event: Literal["report"] = "report"
    speakers: list[SpeakerTotal]
    segments: list[SegmentMessage] | SkipJsonSchema[None] = Field(
        None, description="The whole final timeline, silence left out; where `start` asked for the timeline."
    )

    @model_serializer(mode="wrap")
    def _leave_out_what_was_not_asked_for(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        body: dict[str, Any] = handler(self)
        if self.segments is None:
            del body["segments"]
        return body


class ErrorMessage(BaseModel):
    """Tells what was wrong and what is right; the connection closes after it."""

    model_config = _with_examples(
        {
            "event": "error",
            "code": "invalid_num_speakers",
            "message": "num_speakers must be a whole number from 1 to 5, not '9'",
        },
        {"event": "error", "code": "server_busy", "message": "all 200 sessions of this server are taken; connect again later"},
    )

    event: Literal["error"] = "error"
    code: ErrorCode
    message: str = Field(description="For people: what was wrong and what is right.")


ClientCommand = StartCommand | StopCommand
ServerMessage = StartedMessage | SpeakerMessage | TimelineMessage | ReportMessage | ErrorMessage
