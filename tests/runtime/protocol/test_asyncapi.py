"""The document of the protocol: made from the models, in agreement with the server, and understood by AsyncAPI's own parser."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest
import yaml
from jsonschema import Draft7Validator

from speaker_tracker.client.messages import ErrorReceived, parse_message
from speaker_tracker.engine.assembly import build_chain
from speaker_tracker.engine.commands import parse_command
from speaker_tracker.engine.session import Session
from speaker_tracker.engine.session_io import BytesReceived, TextReceived
from speaker_tracker.protocol import (
    CLOSE_CODE_OF,
    BadInput,
    ClientCommand,
    CloseCode,
    ErrorCode,
    ErrorMessage,
    ServerMessage,
    asyncapi,
)
from speaker_tracker.server.paths import SESSION_PATH
from speaker_tracker.settings import load_settings

PARSER = Path(__file__).parents[2] / "asyncapi_parser"

DOCUMENT = asyncapi.document()
MESSAGES = DOCUMENT["components"]["messages"]
EXAMPLES = [
    pytest.param(name, example["payload"], id=f"{name}-{number}")
    for name, message in MESSAGES.items()
    for number, example in enumerate(message["examples"])
]
OF_TEXT = [example for example in EXAMPLES if example.values[0] != "audio"]


def is_valid(name, value):
    """By the schema that the document has for the message."""
    return Draft7Validator({**MESSAGES[name]["payload"], "components": DOCUMENT["components"]}).is_valid(value)


def test_the_stored_document_is_that_of_the_models():
    stored = files("speaker_tracker.protocol").joinpath("asyncapi.yaml").read_text(encoding="utf-8")
    assert stored == asyncapi.as_yaml(), (
        "run: python -m speaker_tracker.protocol.asyncapi > runtime/speaker_tracker/protocol/asyncapi.yaml"
    )


def test_the_command_prints_the_document():
    printed = subprocess.run(
        [sys.executable, "-m", "speaker_tracker.protocol.asyncapi"], check=True, capture_output=True, text=True
    ).stdout
    assert yaml.safe_load(printed) == DOCUMENT


def test_every_message_of_the_protocol_is_there():
    assert set(asyncapi.RECEIVED.values()) == set(get_args(ClientCommand))
    assert set(asyncapi.SENT.values()) == set(get_args(ServerMessage))
    assert set(MESSAGES) == {*asyncapi.RECEIVED, "audio", *asyncapi.SENT}


def test_every_message_has_an_example_and_an_operation():
    assert {example.values[0] for example in EXAMPLES} == set(MESSAGES)
    pointers = {pointer["$ref"] for operation in DOCUMENT["operations"].values() for pointer in operation["messages"]}
    assert pointers == {f"#/channels/session/messages/{name}" for name in MESSAGES}


def test_the_channel_is_where_sessions_are():
    assert DOCUMENT["channels"]["session"]["address"] == SESSION_PATH


def test_close_codes_are_those_of_the_protocol():
    channel = DOCUMENT["channels"]["session"]
    assert channel["x-close-code-of"] == {code.value: close.value for code, close in CLOSE_CODE_OF.items()}
    assert set(channel["x-close-codes"]) == {str(code.value) for code in CloseCode}
    for code in CloseCode:
        assert f"\n| {code.value} | " in channel["description"]
    for code in ErrorCode:
        assert f"| `{code}` | {CLOSE_CODE_OF[code].value} |" in MESSAGES["error"]["description"]


# -- examples ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "example"), OF_TEXT)
def test_examples_are_valid_and_serialize_as_they_are(name, example):
    model = (asyncapi.RECEIVED | asyncapi.SENT)[name]
    message = model.model_validate(example)
    if name in asyncapi.RECEIVED:
        assert parse_command(json.dumps(example)) == message
    else:
        assert json.loads(message.model_dump_json()) == example


@pytest.mark.parametrize(("name", "example"), [example for example in OF_TEXT if example.values[0] in asyncapi.SENT])
def test_an_example_of_the_server_s_is_understood_by_clients(name, example):
    if name == "error":
        with pytest.raises(ErrorReceived, match=re.escape(example["message"])):
            parse_message(json.dumps(example))
    else:
        assert json.loads(parse_message(json.dumps(example)).model_dump_json()) == example


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_an_example_fits_its_schema(name, example):
    assert is_valid(name, example)


def test_the_example_of_audio_is_taken(scripted_session):
    (example,) = MESSAGES["audio"]["examples"]
    assert answers(scripted_session, TextReceived('{"action": "start"}'), BytesReceived(example["payload"].encode("latin-1")))


# -- in agreement with the server --------------------------------------------------------------------------------------------------

COMMANDS = [
    {"action": "start"},
    {"action": "start", "num_speakers": 1, "timeline": False},
    {"action": "start", "num_speakers": 5, "timeline": True},
    {"action": "start", "later": {"opt": "in"}},
    {"action": "stop"},
    {"action": "stop", "num_speakers": "any"},
    {"action": "start", "num_speakers": 0},
    {"action": "start", "num_speakers": 6},
    {"action": "start", "num_speakers": 2.5},
    {"action": "start", "num_speakers": True},
    {"action": "start", "num_speakers": "2"},
    {"action": "start", "num_speakers": None},
    {"action": "start", "timeline": 1},
    {"action": "start", "timeline": "true"},
    {"action": "start", "timeline": None},
    {"action": "Start"},
    {"action": None},
    {"num_speakers": 2},
    {},
    [],
    "start",
]


@pytest.mark.parametrize("command", COMMANDS, ids=json.dumps)
def test_the_schemas_of_commands_allow_what_the_server_takes_and_nothing_else(command):
    try:
        parse_command(json.dumps(command))
        taken = True
    except BadInput:
        taken = False
    assert any(is_valid(name, command) for name in asyncapi.RECEIVED) == taken


@pytest.mark.parametrize("key", ["action", "event"])
def test_the_tag_of_a_message_is_required(key):
    names = asyncapi.RECEIVED if key == "action" else asyncapi.SENT
    for name in names:
        example = MESSAGES[name]["examples"][0]["payload"]
        assert not is_valid(name, {field: value for field, value in example.items() if field != key})
        assert not is_valid(name, {**example, key: "other"})


@pytest.fixture
def scripted_session(scripted_chain):  # noqa: ARG001 - the chain that is built here
    return Session("test", build_chain(load_settings()).open)


def answers(session, *inputs):
    """What a session sends to a client of these inputs, as the client reads it; none of it is an error."""
    sent = [
        output.message for received in inputs for step in session.handle(received) for output in step if hasattr(output, "message")
    ]
    assert not any(isinstance(message, ErrorMessage) for message in sent)
    return [json.loads(message.model_dump_json()) for message in sent]


@pytest.mark.parametrize("timeline", [True, False])
def test_messages_of_a_session_fit_the_schemas(scripted_session, timeline):
    start = json.dumps({"action": "start", "timeline": timeline})
    speech = b"\0\0" * 16_000 + b"\xe8\x03" * 16_000
    sent = answers(scripted_session, TextReceived(start), BytesReceived(speech), TextReceived('{"action": "stop"}'))

    assert {message["event"] for message in sent} == {"started", "speaker", "report"} | ({"timeline"} if timeline else set())
    for message in sent:
        assert is_valid(message["event"], message), message


# -- in the eyes of others ---------------------------------------------------------------------------------------------------------


@pytest.mark.e2e
def test_asyncapi_s_own_parser_finds_nothing_wrong(tmp_path):
    if shutil.which("npm") is None:
        assert "CI" not in os.environ, "npm is needed to check asyncapi.yaml"
        pytest.skip("npm is not installed")
    for file in PARSER.iterdir():
        shutil.copy(file, tmp_path)
    install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(install, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    document = files("speaker_tracker.protocol").joinpath("asyncapi.yaml")
    assert problems(tmp_path, str(document)) == []

    broken = {**DOCUMENT, "operations": {"start": {"action": "shout", "channel": {"$ref": "#/channels/nowhere"}}}}
    (tmp_path / "broken.yaml").write_text(yaml.safe_dump(broken), encoding="utf-8")
    assert problems(tmp_path, "broken.yaml")


def problems(folder, document):
    """What the parser has to say of a document."""
    done = subprocess.run(["node", "check.js", document], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
