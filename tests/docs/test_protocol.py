"""docs/protocol.md is the protocol: its messages are valid, its codes are those of the server, its client works."""

import json
import re
import subprocess
import sys

import pytest
from pydantic import TypeAdapter

from speaker_tracker.protocol import (
    CLOSE_CODE_OF,
    DEFAULT_SPEAKERS,
    MAX_SPEAKERS,
    ClientCommand,
    ErrorCode,
    HintCode,
    ServerMessage,
    asyncapi,
)
from support.pages import ROOT, block, rows, section, text_of

TEXT = text_of("docs/protocol.md")
MESSAGES = re.findall(r"`(\{.*?\})`", TEXT)
CLIENT: TypeAdapter[ClientCommand] = TypeAdapter(ClientCommand)
SERVER: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)


@pytest.mark.parametrize("message", MESSAGES)
def test_messages_are_those_of_the_protocol(message):
    values = json.loads(message)
    model = (CLIENT if "action" in values else SERVER).validate_python(values)
    assert values.items() <= model.model_dump(mode="json").items()


def test_every_kind_of_message_is_there():
    kinds = {value for message in map(json.loads, MESSAGES) for value in (message.get("action"), message.get("event")) if value}
    assert kinds == {*asyncapi.RECEIVED, *asyncapi.SENT}


def test_every_error_is_there_with_its_close_code():
    told = {code.strip("`"): int(close.split()[0]) for close, code, _ in rows(section(TEXT, "Errors"))}
    assert told == {error.value: CLOSE_CODE_OF[error].value for error in ErrorCode}


def test_every_hint_is_there():
    assert {code.strip("`") for code, _ in rows(section(TEXT, "Hints"))} == {code.value for code in HintCode}


def test_how_many_speakers_there_may_be_is_there():
    assert f"(1 to {MAX_SPEAKERS} speakers, default {DEFAULT_SPEAKERS})" in TEXT


def test_the_client_has_fifteen_lines_at_most():
    assert len([line for line in block(TEXT, "python", "websockets.connect").splitlines() if line.strip()]) <= 15


@pytest.mark.e2e
def test_the_client_gets_its_report(start_server, monkeypatch):
    monkeypatch.chdir(ROOT)
    client = block(TEXT, "python", "websockets.connect").replace("ws://127.0.0.1:8000/ws/session", start_server().url)
    done = subprocess.run([sys.executable, "-c", client], capture_output=True, text=True, check=True, timeout=200)

    messages = [json.loads(line) for line in done.stdout.splitlines()]
    assert messages[0] == {"event": "started", "num_speakers": 2}
    assert messages[-1]["event"] == "report"
    assert len(messages[-1]["speakers"]) == 2
