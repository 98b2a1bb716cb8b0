"""Messages of Twilio Media Streams, as far as they matter here: https://www.twilio.com/docs/voice/media-streams/websocket-messages.

Numbers come as text. Fields that are not named here are ignored, as are messages of kinds that a later version may have.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from speaker_tracker.audio.telephone import LINE_RATE, LineEncoding
from speaker_tracker.errors import BadInput
from speaker_tracker.protocol import DEFAULT_SPEAKERS, MAX_SPEAKERS, ErrorCode, StartCommand

ENCODINGS = {
    "audio/x-mulaw": LineEncoding.MULAW,
    "mulaw": LineEncoding.MULAW,
    "pcmu": LineEncoding.MULAW,
    "audio/x-alaw": LineEncoding.ALAW,
    "alaw": LineEncoding.ALAW,
    "pcma": LineEncoding.ALAW,
}
MIXED = "mixed"
"""Name of the only track where all are mixed."""
WRONG_PATH = "this path is for Twilio Media Streams; sessions of Speaker Tracker's own protocol are opened at /ws/session"

Sid = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Track = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$")]
Flag = Literal["true", "false"]
M = TypeVar("M", bound=BaseModel)


class MediaFormat(BaseModel):
    """Format of the audio. ``sampleRate``: Hz."""

    encoding: str = "audio/x-mulaw"
    sampleRate: int = LINE_RATE  # noqa: N815 - Twilio's spelling
    channels: int = 1


class Parameters(BaseModel):
    """Custom parameters that mean something to the server; all are text, and others are the user's own.

    ``tracks``: a session for each track, or one of all tracks mixed. ``results``: whether messages go back on the stream's own
    connection. ``num_speakers``: of each session.
    """

    model_config = ConfigDict(extra="ignore")

    num_speakers: Annotated[int, Field(ge=1, le=MAX_SPEAKERS)] | None = None
    tracks: Literal["separate", "mixed"] = "separate"
    results: Literal["none", "socket"] = "none"
    timeline: Flag = "false"
    others: Flag = "false"
    confidence: Flag = "false"
    hints: Flag = "false"
    token: str | None = None


class Started(BaseModel):
    """Content of ``start``."""

    streamSid: Sid  # noqa: N815 - Twilio's spelling
    tracks: Annotated[list[Track], Field(min_length=1, max_length=4)] = Field(default_factory=lambda: ["inbound"])
    mediaFormat: MediaFormat = Field(default_factory=MediaFormat)  # noqa: N815
    customParameters: Parameters = Field(default_factory=Parameters)  # noqa: N815

    @property
    def sessions(self) -> list[str]:
        """Names of the sessions: the tracks, or one for all."""
        tracks = list(dict.fromkeys(self.tracks))
        return [MIXED] if self.customParameters.tracks == "mixed" else tracks

    @property
    def encoding(self) -> LineEncoding:
        """The law of the line. Raises ``BadInput`` where it is none."""
        given = self.mediaFormat
        law = ENCODINGS.get(given.encoding.lower())
        if law is None or given.sampleRate != LINE_RATE or given.channels != 1:
            raise BadInput(
                ErrorCode.UNSUPPORTED_AUDIO,
                f"a stream of {given.encoding[:40]!r}, {given.sampleRate} Hz and {given.channels} channels is not served; "
                f"it must be audio/x-mulaw or audio/x-alaw of {LINE_RATE} Hz and 1 channel",
            )
        return law

    @property
    def command(self) -> StartCommand:
        """The ``start`` of each session: of one person where each party of a call has a session, else of two, unless told."""
        given = self.customParameters
        usual = 1 if len(self.sessions) > 1 else DEFAULT_SPEAKERS
        flags = {name: getattr(given, name) == "true" for name in ("timeline", "others", "confidence", "hints")}
        return StartCommand(num_speakers=given.num_speakers or usual, **flags)


class Media(BaseModel):
    """Content of ``media``. ``chunk``: number within the track. ``timestamp``: ms since the stream began. ``payload``: base64."""

    track: Track | None = None
    chunk: Annotated[int, Field(ge=0)] | None = None
    timestamp: Annotated[int, Field(ge=0)] | None = None
    payload: str


def parsed(frame: str | bytes) -> dict[str, Any]:
    """The JSON object in a frame, whose ``event`` is text. Raises ``BadInput``."""
    if isinstance(frame, bytes):
        raise BadInput(ErrorCode.INVALID_MESSAGE, f"a stream has text frames alone, and a binary one came; {WRONG_PATH}")
    try:
        value = json.loads(frame)
    except (ValueError, RecursionError) as error:
        raise BadInput(ErrorCode.INVALID_JSON, f"a text frame is not JSON; {WRONG_PATH}") from error
    if not isinstance(value, dict) or not isinstance(value.get("event"), str):
        raise BadInput(ErrorCode.INVALID_MESSAGE, f'a text frame has no "event"; {WRONG_PATH}')
    return value


def started(value: dict[str, Any]) -> Started:
    """Content of a ``start``. Raises ``BadInput``."""
    return _content(Started, value, "start", {"streamSid": value.get("streamSid")})


def media(value: dict[str, Any]) -> Media:
    """Content of a ``media``. Raises ``BadInput``."""
    return _content(Media, value, "media", {})


def _content(model: type[M], value: dict[str, Any], name: str, outer: dict[str, Any]) -> M:
    content = value.get(name)
    if not isinstance(content, dict):
        raise BadInput(ErrorCode.INVALID_MESSAGE, f'"{name}" has no object "{name}" in it')
    try:
        return model.model_validate({**outer, **content})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        code = ErrorCode.INVALID_NUM_SPEAKERS if "num_speakers" in where else ErrorCode.INVALID_MESSAGE
        raise BadInput(code, f'{where} of "{name}" is wrong: {first["msg"]}') from error
