"""Parser for the messages of a server."""

from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from speaker_tracker.protocol import (
    HintMessage,
    ReportMessage,
    ResumedMessage,
    ServerMessage,
    SpeakerMessage,
    StartedMessage,
    TimelineMessage,
    VoiceprintsMessage,
)

MODELS: dict[str, type[BaseModel]] = {
    "started": StartedMessage,
    "resumed": ResumedMessage,
    "speaker": SpeakerMessage,
    "timeline": TimelineMessage,
    "voiceprints": VoiceprintsMessage,
    "hint": HintMessage,
    "report": ReportMessage,
}


class NotTheProtocol(Exception):
    """A frame is not a message of a speaker tracker."""


class ErrorReceived(Exception):
    """The server sent an error message. ``code``: its stable identifier, possibly one that this client does not know."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def parse_message(data: str | bytes) -> ServerMessage | None:
    """Parses the message in a frame; None for an unknown event, which a newer server may send.

    Raises ``ErrorReceived`` for an error message and ``NotTheProtocol`` for anything else.
    """
    if isinstance(data, bytes):
        raise NotTheProtocol("a binary frame")
    try:
        value: Any = from_json(data)
    except ValueError as error:
        raise NotTheProtocol("text that is not JSON") from error
    event = value.get("event") if isinstance(value, dict) else None
    if not isinstance(event, str):
        raise NotTheProtocol("JSON without an event")
    if event == "error":
        raise ErrorReceived(str(value.get("code", "")), str(value.get("message", "no reason given")))
    model = MODELS.get(event)
    if model is None:
        return None
    try:
        message: Any = model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise NotTheProtocol(f"a {event!r} event whose {'.'.join(map(str, first['loc']))} is wrong ({first['msg']})") from error
    checked: ServerMessage = message
    return checked
