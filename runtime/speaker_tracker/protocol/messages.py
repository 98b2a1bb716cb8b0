"""The messages of the wire protocol, each as a model.

Client to server: JSON text frames (``start``, ``resume``, ``gap``, ``keepalive``, ``stop``) and binary frames of PCM. Server to
client: JSON text frames.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, StrictBool, StrictInt, StrictStr, model_serializer
from pydantic.json_schema import SkipJsonSchema

from speaker_tracker.protocol.codes import ErrorCode
from speaker_tracker.protocol.segments import TimelineSegment
from speaker_tracker.protocol.voiceprints import EXAMPLE_VECTOR, KnownVoice, Voiceprint

PROTOCOL_VERSION = "1.3.0"
"""The second number grows with additions to the protocol. The first stays, as clients written for it keep working."""

MAX_SPEAKERS = 5
DEFAULT_SPEAKERS = 2
MAX_GAP_MS = 24 * 3_600_000
"""Longest gap that one message may announce: a day."""
CONFIDENCE_DIGITS = 3
"""Decimals of a confidence on the wire."""
MAX_SESSION_TOKEN_LENGTH = 200
"""Most characters of the name of a session that can be resumed."""
EXAMPLE_SESSION = "k2nq0vYpHk1mI5y2oQm7sX3b8Zr4uJ6cT9dWfLxEaGA"
EXAMPLE_PRINT = {"model": "ecapa-mini", "version": 1, "vector": EXAMPLE_VECTOR, "seconds": 42.1}
"""A voiceprint for examples; a real one has as many values as the model's embeddings."""


def _with_examples(*examples: dict[str, Any]) -> ConfigDict:
    """Model configuration: immutable messages, with examples in their schema."""
    return ConfigDict(frozen=True, json_schema_extra={"examples": list(examples)})


def _without_absent(body: dict[str, Any], *keys: str) -> dict[str, Any]:
    """``body`` without those of ``keys`` that were not requested, whose values are None."""
    return {key: value for key, value in body.items() if value is not None or key not in keys}


class StartCommand(BaseModel):
    """Opens the session.

    The first message of a connection. Keys that the server does not know are ignored.
    """

    model_config = _with_examples(
        {"action": "start", "num_speakers": 2},
        {"action": "start", "timeline": True},
        {"action": "start", "sample_rate": 16000, "encoding": "pcm_s16le", "channels": 1, "hints": True},
        {"action": "start", "voiceprints": True, "known_voices": [{"name": "Anna", "voiceprint": EXAMPLE_PRINT}]},
        {"action": "start", "timeline": True, "resumable": True},
    )

    action: Literal["start"] = "start"
    num_speakers: Annotated[
        StrictInt,
        Field(
            ge=1,
            le=MAX_SPEAKERS,
            description="Number of voices to track: the first that are heard. Written without a decimal point.",
        ),
    ] = DEFAULT_SPEAKERS
    timeline: StrictBool = Field(False, description="Whether to send `timeline` messages, and segments with the report.")
    others: StrictBool = Field(
        False, description="Whether to tell of voices beyond `num_speakers`, in the report and in `timeline` messages."
    )
    confidence: StrictBool = Field(False, description="Whether segments of the timeline have `confidence`.")
    hints: StrictBool = Field(False, description="Whether to send `hint` messages.")
    voiceprints: StrictBool = Field(
        False, description="Whether to send `voiceprints` messages, and a voiceprint of each speaker with the report."
    )
    known_voices: list[KnownVoice] | SkipJsonSchema[None] = Field(
        None,
        description="Voices to recognize; whoever of them speaks has a `name` in messages. A name may have several prints. The "
        "number of prints and the length of names are limited by the server, and the prints must be of its voice model.",
    )
    resumable: StrictBool = Field(
        False,
        description="Whether the session is to survive its connection: `started` then has `session`, if the server keeps sessions.",
    )
    sample_rate: StrictInt | SkipJsonSchema[None] = Field(
        None, description="Samples per second that the client will send. Only 16000 is served; anything else is refused."
    )
    encoding: StrictStr | SkipJsonSchema[None] = Field(
        None,
        description="Format of the samples that the client will send. Only `pcm_s16le` is served, also spelt `s16le`, `linear16` "
        "or `pcm16`; anything else is refused.",
    )
    channels: StrictInt | SkipJsonSchema[None] = Field(
        None, description="Number of channels that the client will send. Only 1 is served; anything else is refused."
    )


class ResumeCommand(BaseModel):
    """Goes on with a session whose connection was lost, instead of `start`.

    `resumed` follows and says from where on to send audio. An earlier connection of the session is closed. Keys that the server
    does not know are ignored.
    """

    model_config = _with_examples({"action": "resume", "session": EXAMPLE_SESSION})

    action: Literal["resume"] = "resume"
    session: Annotated[
        StrictStr, Field(min_length=1, max_length=MAX_SESSION_TOKEN_LENGTH, description="What `started` had as `session`.")
    ]


class StopCommand(BaseModel):
    """Ends the session.

    The report on all audio follows, and the connection closes with 1000. Keys that the server does not know are ignored.
    """

    model_config = _with_examples({"action": "stop"})

    action: Literal["stop"] = "stop"


class GapCommand(BaseModel):
    """Says that no audio was recorded for a while, such as by a muted microphone.

    Later audio is later by `ms`, so that times stay on the wall clock; speech that is under way ends. Nothing is recognized in the
    gap, and it does not count as audio of the session.
    """

    model_config = _with_examples({"action": "gap", "ms": 20000})

    action: Literal["gap"] = "gap"
    ms: Annotated[StrictInt, Field(ge=1, le=MAX_GAP_MS, description="Length of the gap in milliseconds, at most a day.")]


class KeepAliveCommand(BaseModel):
    """Keeps a session open in which nothing is sent, such as one that is paused.

    Not answered. Keys that the server does not know are ignored.
    """

    model_config = _with_examples({"action": "keepalive"})

    action: Literal["keepalive"] = "keepalive"


class StartedMessage(BaseModel):
    """Answers `start`: the session is open, and audio may come."""

    model_config = _with_examples({"event": "started", "num_speakers": 2})

    event: Literal["started"] = "started"
    num_speakers: int = Field(description="Number of voices to track.")
    session: str | SkipJsonSchema[None] = Field(
        None,
        description="By this, a client that lost its connection can `resume` the session; a secret. Present if `start` requested "
        "`resumable` and the server keeps sessions.",
    )

    @model_serializer(mode="wrap")
    def _omit_unrequested(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without_absent(handler(self), "session")


class ResumedMessage(BaseModel):
    """Answers `resume`: the session goes on, with the same ids, times and requests.

    What the server had said of audio after `audioMs` it says again, as it hears that audio again; the first `timeline` message
    covers everything before.
    """

    model_config = _with_examples({"event": "resumed", "num_speakers": 2, "audioMs": 12000})

    event: Literal["resumed"] = "resumed"
    num_speakers: int = Field(description="Number of voices to track.")
    audioMs: int = Field(  # noqa: N815
        description="Milliseconds of the session, gaps included, that are accounted for; the client sends all that came after them."
    )


Name = Annotated[
    str | SkipJsonSchema[None],
    Field(description="Name of the speaker, as `start` gave it; present if they are recognized as a known voice."),
]
SpeakerId = Annotated[int | None, Field(description="Numbered from 0 in order of first appearance; null: nobody tracked.")]


class SpeakerMessage(BaseModel):
    """Current speaker, and speaking time of each speaker so far.

    Where several speak at once, `currentSpeakerId` is the most prominent of them, and the time counts for each.
    Sent after every half second of audio, or as the server is configured.
    """

    model_config = _with_examples(
        {"event": "speaker", "currentSpeakerId": 0, "speakingTimeMs": {"0": 1200, "1": 500}},
        {"event": "speaker", "currentSpeakerId": None, "speakingTimeMs": {}},
        {"event": "speaker", "currentSpeakerId": 0, "speakingTimeMs": {"0": 8200}, "ackMs": 12000},
    )

    event: Literal["speaker"] = "speaker"
    currentSpeakerId: SpeakerId  # noqa: N815 - the wire's own spelling
    speakingTimeMs: dict[int, int] = Field(  # noqa: N815
        description="Milliseconds by speaker id, with a key for each speaker who has appeared.",
        json_schema_extra={"propertyNames": {"pattern": f"^[0-{MAX_SPEAKERS - 1}]$"}},
    )
    currentName: Name = None  # noqa: N815
    ackMs: int | SkipJsonSchema[None] = Field(  # noqa: N815
        None,
        description="Milliseconds of the session, gaps included, that never need to be sent again; present in a session that can "
        "be resumed.",
    )

    @model_serializer(mode="wrap")
    def _omit_unrequested(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without_absent(handler(self), "currentName", "ackMs")


class SegmentMessage(BaseModel):
    """A segment of the timeline, from `startMs` up to but not including `endMs`.

    Segments of different speakers overlap where they speak at once; those of one speaker never do.
    """

    model_config = ConfigDict(frozen=True)

    startMs: int = Field(description="Milliseconds from the beginning of the session's audio.")  # noqa: N815
    endMs: int  # noqa: N815
    speakerId: SpeakerId  # noqa: N815
    confidence: Annotated[float, Field(ge=0, le=1)] | SkipJsonSchema[None] = Field(
        None,
        description="Probability that the speaker is right; present if `start` requested it, somebody speaks, and it is known.",
    )

    name: Name = None

    @model_serializer(mode="wrap")
    def _omit_unrequested(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without_absent(handler(self), "confidence", "name")

    @classmethod
    def of(cls, segment: TimelineSegment, names: Mapping[int, str] | None = None) -> Self:
        """The message for ``segment``; ``names``: those of recognized speakers."""
        confidence = None if segment.confidence is None else round(segment.confidence, CONFIDENCE_DIGITS)
        name = None if names is None or segment.speaker is None else names.get(segment.speaker)
        return cls(startMs=segment.start_ms, endMs=segment.end_ms, speakerId=segment.speaker, confidence=confidence, name=name)

    def segment(self, offset_ms: int = 0) -> TimelineSegment:
        """The segment as a ``TimelineSegment``, shifted by ``offset_ms`` (ms)."""
        return TimelineSegment(offset_ms + self.startMs, offset_ms + self.endMs, self.speakerId, self.confidence)


class OtherVoicesTotal(BaseModel):
    """Speech of voices beyond `num_speakers`, each heard for at least two seconds."""

    model_config = ConfigDict(frozen=True)

    totalTimeMs: int  # noqa: N815
    voices: int = Field(description="Number of different voices.")


Others = Annotated[
    OtherVoicesTotal | SkipJsonSchema[None],
    Field(description="Voices beyond `num_speakers` so far; present if `start` requested them and the server tells them apart."),
]


class TimelineMessage(BaseModel):
    """New or corrected segments.

    What they cover together, segments of nobody (`speakerId` null) included, replaces all speakers that earlier messages had there.
    Sent along with `speaker` if `start` requested the timeline. Segments are empty if nothing changed.
    """

    model_config = _with_examples(
        {
            "event": "timeline",
            "audioMs": 12340,
            "segments": [
                {"startMs": 9500, "endMs": 11200, "speakerId": 0},
                {"startMs": 10600, "endMs": 11200, "speakerId": 1, "name": "Anna"},
                {"startMs": 11200, "endMs": 11600, "speakerId": None},
            ],
        },
        {"event": "timeline", "audioMs": 12840, "segments": []},
    )

    event: Literal["timeline"] = "timeline"
    audioMs: int = Field(description="Milliseconds of audio processed when this was sent.")  # noqa: N815
    segments: list[SegmentMessage]
    others: Others = None

    @model_serializer(mode="wrap")
    def _omit_unrequested(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without_absent(handler(self), "others")


class SpeakerTotal(BaseModel):
    """Total speaking time of one speaker, also while others speak at once."""

    model_config = ConfigDict(frozen=True)

    id: int
    totalTimeMs: int  # noqa: N815
    name: Name = None
    voiceprint: Voiceprint | SkipJsonSchema[None] = Field(
        None, description="How the speaker sounds; present if `start` requested it and enough of the voice was heard alone."
    )

    @model_serializer(mode="wrap")
    def _omit_unrequested(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without_absent(handler(self), "name", "voiceprint")


class SpeakerVoiceprint(BaseModel):
    """The voiceprint of one speaker."""

    model_config = ConfigDict(frozen=True)

    id: int
    voiceprint: Voiceprint


class VoiceprintsMessage(BaseModel):
    """New voiceprints of speakers, each in the place of an earlier one of the same speaker.

    Sent if `start` requested voiceprints, from time to time, so that a client that loses its connection has them: brought back as
    `known_voices` of the next session they say who is who. Those of the report are the best.
    """

    model_config = _with_examples({"event": "voiceprints", "speakers": [{"id": 0, "voiceprint": EXAMPLE_PRINT}]})

    event: Literal["voiceprints"] = "voiceprints"
    speakers: list[SpeakerVoiceprint]


class ReportMessage(BaseModel):
    """Total speaking time of each speaker; the last message of a session, unless an error follows.

    Answers `stop`. Also sent without it when the server shuts down (close code 1001 follows; a session that another server can
    resume gets the error `shutting_down` instead), and before the errors `idle_timeout` and `session_too_long`; it then covers the
    audio processed so far.
    """

    model_config = _with_examples(
        {"event": "report", "speakers": [{"id": 0, "totalTimeMs": 45000}, {"id": 1, "totalTimeMs": 12500}]},
        {
            "event": "report",
            "speakers": [{"id": 0, "totalTimeMs": 1700}],
            "segments": [{"startMs": 9500, "endMs": 11200, "speakerId": 0}],
            "others": {"totalTimeMs": 8250, "voices": 2},
        },
        {"event": "report", "speakers": [{"id": 0, "totalTimeMs": 45000, "name": "Anna", "voiceprint": EXAMPLE_PRINT}]},
    )

    event: Literal["report"] = "report"
    speakers: list[SpeakerTotal]
    segments: list[SegmentMessage] | SkipJsonSchema[None] = Field(
        None, description="The whole final timeline without silence; present if `start` requested the timeline."
    )

    others: Others = None

    @model_serializer(mode="wrap")
    def _omit_unrequested(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without_absent(handler(self), "segments", "others")


class HintMessage(BaseModel):
    """Says that the audio looks as if it were not what the server takes it for; the session goes on.

    Sent at most once for each code in a session, if `start` requested hints.
    """

    model_config = _with_examples(
        {
            "event": "hint",
            "code": "sample_rate",
            "message": "the audio may be of 44.1 or 48 kHz, as nothing is above 3 kHz: speech then seems three times too slow; "
            "send raw PCM: 16 kHz, signed 16-bit little-endian, mono, without a header",
        }
    )

    event: Literal["hint"] = "hint"
    code: str = Field(description="`audio_format`, `stereo` or `sample_rate`; a later server may have more.")
    message: str = Field(description="For people: what the audio looks like and what is right.")


class ErrorMessage(BaseModel):
    """Says what was wrong and what is right; the connection closes after it."""

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


ClientCommand = StartCommand | ResumeCommand | GapCommand | KeepAliveCommand | StopCommand
ServerMessage = (
    StartedMessage
    | ResumedMessage
    | SpeakerMessage
    | TimelineMessage
    | VoiceprintsMessage
    | HintMessage
    | ReportMessage
    | ErrorMessage
)
