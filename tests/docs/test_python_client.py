"""What docs/python-client.md says is complete; that its examples work is tested end to end."""

import inspect
import re
from dataclasses import fields
from typing import get_args

import pytest

from speaker_tracker import client
from speaker_tracker.client import (
    Backoff,
    ClientError,
    ConnectionLost,
    Part,
    Segment,
    TrackerClient,
    TrackerClientSync,
    TrackerEvent,
)
from speaker_tracker.client.errors import BLAMING_CLOSE_CODES
from support.pages import text_of

TEXT = text_of("docs/python-client.md")
ROWS = dict(re.findall(r"^\| `(\w+)[`(].*?\| (.*) \|$", TEXT, re.MULTILINE))
ERRORS = [
    each for each in vars(client).values() if inspect.isclass(each) and issubclass(each, ClientError) and each is not ClientError
]
METHODS = [name for name in vars(TrackerClient) if not name.startswith("_")]
ARGUMENTS = list(inspect.signature(TrackerClient).parameters.values())


@pytest.mark.parametrize("example", re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL), ids=["asyncio", "plain", "known-voices"])
def test_an_example_has_fifteen_lines_at_most(example):
    assert len([line for line in example.splitlines() if line.strip()]) <= 15


@pytest.mark.parametrize("argument", ARGUMENTS, ids=lambda argument: argument.name)
def test_every_argument_is_there_with_its_default(argument):
    default = "Backoff()" if argument.default == Backoff() else argument.default
    assert ROWS[argument.name].startswith(f"`{default}` |")


def test_the_back_off_is_there_with_its_defaults():
    values = ", ".join(f"{field.name}={field.default}" for field in fields(Backoff))
    assert f"`Backoff({values})`" in TEXT


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_there_and_both_clients_have_it(method):
    arguments = inspect.signature(getattr(TrackerClient, method)).parameters
    written = ", ".join(name if each.default is each.empty else f"{name}={each.default}" for name, each in arguments.items())
    assert f"| `{method}({written.removeprefix('self').removeprefix(', ')})` |" in TEXT
    assert list(inspect.signature(getattr(TrackerClientSync, method)).parameters) == list(arguments)


def test_both_clients_take_the_same():
    ours, theirs = (list(inspect.signature(each).parameters.values()) for each in (TrackerClient, TrackerClientSync))
    assert ours == theirs


@pytest.mark.parametrize("event", [*get_args(TrackerEvent), Part, Segment], ids=lambda event: event.__name__)
def test_every_event_is_there_with_its_fields(event):
    (line,) = [line for line in TEXT.splitlines() if re.match(rf"\| `{event.__name__}` \|", line)] or [TEXT]
    for field in fields(event):
        assert f"`{field.name}`" in line


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_error_is_there_and_whether_it_is_tried_again(error):
    temporary = error("").temporary
    assert ROWS[error.__name__].rpartition("|")[2].strip().startswith("yes" if temporary else "no")


def test_the_close_codes_that_are_not_tried_again_are_there():
    assert {code for code in range(1000, 1016) if not ConnectionLost("", code).temporary} == BLAMING_CLOSE_CODES
    assert sorted(BLAMING_CLOSE_CODES) == [1002, 1003, *range(1007, 1011)]
