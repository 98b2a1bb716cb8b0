"""Control messages of clients: read from the text of a frame, or refused with a sentence that says what is right."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from speaker_tracker.engine.control_json import UnfitJson, parse_json
from speaker_tracker.engine.known_voices import invalid_voices
from speaker_tracker.errors import BadInput
from speaker_tracker.protocol import (
    MAX_GAP_MS,
    MAX_SPEAKERS,
    PCM_FORMAT,
    ClientCommand,
    ErrorCode,
    GapCommand,
    KeepAliveCommand,
    ResumeCommand,
    StartCommand,
    StopCommand,
)

MAX_QUOTED = 60
MAX_COMMAND_BYTES = 4096
"""Longest control message, but for a ``start`` with known voices."""
ACTIONS = '"start", "resume", "gap", "keepalive" or "stop"'
WANTED_TYPE: dict[int | str, str] = {
    "sample_rate": "a whole number such as 16000",
    "encoding": 'a text such as "pcm_s16le"',
    "channels": "a whole number such as 1",
}
"""What the fields of ``start`` must be that are neither true nor false."""


def is_command(data: bytes) -> bool:
    """Whether bytes are a control message, such as one in a binary frame."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and "action" in value


def parse_command(text: str) -> ClientCommand:
    """Parses the control message in a text frame. Raises ``BadInput`` with a message that says what is right."""
    try:
        value = parse_json(text)
    except ValueError as error:
        raise BadInput(
            ErrorCode.INVALID_JSON,
            f'a text frame must be a JSON object such as {{"action": "start", "num_speakers": 2}}, '
            f"and {_quoted(text)} is not JSON{f': {error}' if isinstance(error, UnfitJson) else ''}; "
            f"audio goes in binary frames as {PCM_FORMAT}",
        ) from error
    if not isinstance(value, dict):
        raise BadInput(
            ErrorCode.INVALID_MESSAGE,
            f'a text frame must be a JSON object such as {{"action": "start", "num_speakers": 2}}, not {_quoted(text)}',
        )
    match value.get("action"):
        case "start":
            return _validated_start(value)
        case "resume":
            return _validated_resume(value)
        case "stop":
            return StopCommand()
        case "gap":
            return _validated_gap(value)
        case "keepalive":
            return KeepAliveCommand()
        case None:
            raise BadInput(ErrorCode.INVALID_MESSAGE, f'{_quoted(text)} has no "action"; it must be {ACTIONS}')
        case other:
            raise BadInput(ErrorCode.UNKNOWN_ACTION, f"unknown action {_quoted(json.dumps(other))}; it must be {ACTIONS}")


def _validated_start(value: dict[str, Any]) -> StartCommand:
    try:
        return StartCommand.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field, given = first["loc"][0], _quoted(json.dumps(first["input"]))
    if field == "num_speakers":
        raise BadInput(ErrorCode.INVALID_NUM_SPEAKERS, f"num_speakers must be a whole number from 1 to {MAX_SPEAKERS}, not {given}")
    if field == "known_voices":
        raise invalid_voices(first, given)
    wanted = WANTED_TYPE.get(field, "true or false")
    raise BadInput(ErrorCode.INVALID_MESSAGE, f"{field} must be {wanted}, not {given}")


def _validated_resume(value: dict[str, Any]) -> ResumeCommand:
    try:
        return ResumeCommand.model_validate(value)
    except ValidationError as error:
        raise BadInput(  # what was given may be a secret with a mistake in it, so it is not shown
            ErrorCode.INVALID_MESSAGE, '"resume" needs "session", the text that "started" had as "session"'
        ) from error


def _validated_gap(value: dict[str, Any]) -> GapCommand:
    try:
        return GapCommand.model_validate(value)
    except ValidationError as error:
        given = _quoted(json.dumps(value["ms"])) if "ms" in value else "missing"
        raise BadInput(
            ErrorCode.INVALID_MESSAGE, f"ms of a gap must be a whole number of milliseconds from 1 to {MAX_GAP_MS}, not {given}"
        ) from error


def _quoted(text: str) -> str:
    return repr(text if len(text) <= MAX_QUOTED else text[:MAX_QUOTED] + "…")
