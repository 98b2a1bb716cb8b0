"""The wire protocol as an AsyncAPI document, generated from the models that the server validates with.

``python -m speaker_tracker.protocol.asyncapi`` prints it; ``asyncapi.yaml`` beside this file is its output, which the server
serves.
The specification: https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from __future__ import annotations

import sys
from typing import Any, TypeAlias

import yaml
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema

from speaker_tracker.protocol import (
    CLOSE_CODE_OF,
    PCM_FORMAT,
    PROTOCOL_VERSION,
    CloseCode,
    ErrorMessage,
    GapCommand,
    HintMessage,
    KeepAliveCommand,
    ReportMessage,
    ResumeCommand,
    ResumedMessage,
    SpeakerMessage,
    StartCommand,
    StartedMessage,
    StopCommand,
    TimelineMessage,
    VoiceprintsMessage,
)

Json: TypeAlias = dict[str, Any]

CHANNEL = "/ws/session"

RECEIVED: dict[str, type[BaseModel]] = {
    "start": StartCommand,
    "resume": ResumeCommand,
    "gap": GapCommand,
    "keepalive": KeepAliveCommand,
    "stop": StopCommand,
}
SENT: dict[str, type[BaseModel]] = {
    "started": StartedMessage,
    "resumed": ResumedMessage,
    "speaker": SpeakerMessage,
    "timeline": TimelineMessage,
    "voiceprints": VoiceprintsMessage,
    "hint": HintMessage,
    "report": ReportMessage,
    "error": ErrorMessage,
}
"""The messages of the protocol, by their ``action`` or ``event``."""

MEANING_OF: dict[CloseCode, str] = {
    CloseCode.NORMAL: "The client asked to stop, and the report was sent.",
    CloseCode.GOING_AWAY: "The server shuts down. A started session received its report, unless that took too long.",
    CloseCode.UNSUPPORTED_DATA: "The audio is not the raw audio that the server takes: a file, or another format.",
    CloseCode.INVALID_DATA: "The content of a frame does not fit its type.",
    CloseCode.POLICY: "The protocol or a limit of the server was violated.",
    CloseCode.TOO_BIG: "A frame is longer than the server accepts.",
    CloseCode.INTERNAL_ERROR: "The server failed.",
    CloseCode.TRY_AGAIN_LATER: "No session is available now.",
}

DESCRIPTION = """\
A client opens a WebSocket, sends `start`, receives `started`, and streams audio in binary frames. It receives who speaks now and
how long each person has spoken, sends `stop`, and receives `report`; then the server closes the connection.

The document is written from the server's side: what it receives is what a client sends. Clients should ignore events and keys
that they do not know, which a later server may send.
"""

AUDIO = f"""\
A binary frame of {PCM_FORMAT}.
It may have any length that is a whole number of samples, up to a limit of the server; 20 ms to 1 s (640 to 32000 bytes) are good.

In the example each character stands for the byte with its code: two samples, 0 and 1000.
"""


def document() -> Json:
    """The document, in plain values."""
    schemas, examples = _schemas()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Speaker Tracker",
            "version": PROTOCOL_VERSION,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": {"session": _channel()},
        "operations": _operations(),
        "components": {
            "messages": {name: _message(name, model, examples[name]) for name, model in (RECEIVED | SENT).items()} | _audio(),
            "schemas": schemas,
            "securitySchemes": _security_schemes(),
        },
    }


def as_yaml() -> str:
    """The document as it is stored and served."""
    return yaml.dump(document(), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


# -- messages ----------------------------------------------------------------------------------------------------------------------


class _InOrder(GenerateJsonSchema):
    """Keeps fields in the order of the models and of the examples."""

    def sort(self, value: JsonSchemaValue, *_args: Any, **_keywords: Any) -> JsonSchemaValue:
        return value


def _schemas() -> tuple[Json, dict[str, list[Json]]]:
    """Schemas of all messages, and the examples of each."""
    messages = RECEIVED | SENT
    # Validation and serialization use the same types: numbers are numbers in both directions.
    _, definitions = models_json_schema(
        [(model, "validation") for model in messages.values()],
        ref_template="#/components/schemas/{model}",
        schema_generator=_InOrder,
    )
    schemas: Json = definitions["$defs"]
    examples = {}
    for name, model in messages.items():
        schema = schemas[model.__name__]
        examples[name] = schema.pop("examples")
        _require_tag(schema, "action" if name in RECEIVED else "event")
    for schema in schemas.values():
        _tidy(schema)
    return dict(sorted(schemas.items())), examples


def _require_tag(schema: Json, tag: str) -> None:
    """Marks the tag of a message as required: it has a default in Python, but is always present on the wire."""
    del schema["properties"][tag]["default"]
    schema["required"] = [tag, *schema.get("required", ())]


def _tidy(schema: Json) -> None:
    """Removes pydantic's additions: titles that repeat names, null as the default of omitted fields."""
    for field in schema.get("properties", {}).values():
        field.pop("title", None)
        if field.get("default", ...) is None:
            del field["default"]
    if schema["type"] == "object":
        schema["additionalProperties"] = True


def _message(name: str, model: type[BaseModel], examples: list[Json]) -> Json:
    summary, _, description = (model.__doc__ or "").partition("\n\n")
    message: Json = {"name": name, "title": f"`{name}`", "summary": summary}
    if model is ErrorMessage:
        description = _error_codes()
    if description:
        message["description"] = "\n".join(line.strip() for line in description.strip().splitlines()) + "\n"
    message["payload"] = {"$ref": f"#/components/schemas/{model.__name__}"}
    message["examples"] = [{"payload": example} for example in examples]
    return message


def _error_codes() -> str:
    rows = "\n".join(f"| `{code}` | {close.value} |" for code, close in CLOSE_CODE_OF.items())
    return f"Each `code` has the close code that follows:\n\n| `code` | close code |\n| --- | --- |\n{rows}"


def _audio() -> Json:
    return {
        "audio": {
            "name": "audio",
            "title": "Audio",
            "summary": "A part of the conversation's audio, in order.",
            "description": AUDIO,
            "contentType": "application/octet-stream",
            "payload": {"type": "string", "format": "binary", "description": PCM_FORMAT},
            "examples": [{"payload": "\x00\x00\xe8\x03"}],
        }
    }


# -- where and how -----------------------------------------------------------------------------------------------------------------


def _servers() -> Json:
    security = [{"$ref": f"#/components/securitySchemes/{name}"} for name in _security_schemes()]
    host = {"default": "speaker-tracker.example", "description": "Host of the server, with its port unless it is the default one."}
    return {
        "local": {
            "host": "127.0.0.1:8000",
            "protocol": "ws",
            "description": "The default address.",
            "security": security,
        },
        "public": {
            "host": "{host}",
            "protocol": "wss",
            "description": "With TLS. Whether a token is required is a setting of the server.",
            "variables": {"host": host},
            "security": security,
        },
    }


def _channel() -> Json:
    close_codes = "\n".join(f"| {code.value} | {meaning} |" for code, meaning in MEANING_OF.items())
    token = {"type": "string", "description": "A token of the server, for clients that cannot set headers, such as browsers."}
    return {
        "address": CHANNEL,
        "title": "A session",
        "summary": "One connection is one session, of one conversation.",
        "description": f"How the server closes the connection:\n\n| close code | |\n| --- | --- |\n{close_codes}\n",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in (*RECEIVED, "audio", *SENT)},
        "bindings": {
            "ws": {
                "method": "GET",
                "query": {"type": "object", "properties": {"token": token}},
                "headers": {
                    "type": "object",
                    "properties": {
                        "Authorization": {"type": "string", "description": "`Bearer` and a token of the server."},
                        "Origin": {"type": "string", "description": "Sent by browsers; the server may allow some origins only."},
                    },
                },
                "bindingVersion": "0.1.0",
            }
        },
        "x-close-codes": {str(code.value): meaning for code, meaning in MEANING_OF.items()},
        "x-close-code-of": {code.value: close.value for code, close in CLOSE_CODE_OF.items()},
    }


def _operations() -> Json:
    return {
        "start": _operation("receive", "start", "Opens a session.", answers=("started", "error")),
        "resume": _operation("receive", "resume", "Goes on with a session.", answers=("resumed", "error")),
        "sendAudio": _operation("receive", "audio", "Receives a part of the conversation's audio.", title="Send audio"),
        "gap": _operation("receive", "gap", "Moves the clock on where no audio was recorded."),
        "keepalive": _operation("receive", "keepalive", "Keeps a silent session open."),
        "stop": _operation("receive", "stop", "Ends the session.", answers=("report", "error")),
        "onStarted": _operation("send", "started", "Answers `start`."),
        "onResumed": _operation("send", "resumed", "Answers `resume`."),
        "onSpeaker": _operation("send", "speaker", "Tells who speaks, while audio comes in."),
        "onTimeline": _operation("send", "timeline", "Tells what is new in the timeline, if it was requested."),
        "onVoiceprints": _operation("send", "voiceprints", "Tells how speakers sound, if voiceprints were requested."),
        "onHint": _operation(
            "send", "hint", "Tells what the audio may be other than what it is taken for, if hints were requested."
        ),
        "onReport": _operation("send", "report", "Answers `stop`, or ends a session that cannot continue."),
        "onError": _operation("send", "error", "Says what was wrong, at any time; the connection closes after it."),
    }


def _operation(action: str, message: str, summary: str, *, title: str | None = None, answers: tuple[str, ...] = ()) -> Json:
    channel = {"$ref": "#/channels/session"}
    operation: Json = {"action": action, "channel": channel}
    operation["title"] = title or f"{'Send' if action == 'receive' else 'On'} `{message}`"
    operation["summary"] = summary
    operation["messages"] = [_of_channel(message)]
    if answers:
        operation["reply"] = {"channel": channel, "messages": [_of_channel(answer) for answer in answers]}
    return operation


def _of_channel(message: str) -> Json:
    return {"$ref": f"#/channels/session/messages/{message}"}


def _security_schemes() -> Json:
    return {
        "bearer": {"type": "http", "scheme": "bearer", "description": "If the server has tokens: one of them as bearer token."},
        "token": {"type": "httpApiKey", "name": "token", "in": "query", "description": "Or one of them in the query of the URL."},
    }


class _Dumper(yaml.SafeDumper):
    """YAML without aliases, and with multi-line texts as block scalars."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent_text)


if __name__ == "__main__":
    sys.stdout.write(as_yaml())
