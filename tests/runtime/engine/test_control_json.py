"""What is read as JSON in control messages, and what becomes of everything else: a clear error, and never a fault of the server."""

import json
from contextlib import suppress

import pytest

from speaker_tracker.engine.commands import parse_command
from speaker_tracker.engine.control_json import MAX_DEPTH, MAX_DIGITS, UnfitJson, parse_json
from speaker_tracker.errors import BadInput


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, -2.5e3, "x", null, true], "b": {"c": {}}}',
        "[" * MAX_DEPTH + "]" * MAX_DEPTH,
        json.dumps({"a": "[" * 100 + '{"' * 100 + "\\" * 9}),
        r'{"a": "\ud83d\ude00 \u00e9 \\ud800"}',
        f'{{"a": {"9" * MAX_DIGITS}}}',
        json.dumps([{"a": [{}]}] * 500),
        " 1.7976931348623157e308 ",
    ],
)
def test_json_is_read_as_python_reads_it(text):
    assert parse_json(text) == json.loads(text)


UNFIT = [
    ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "nested"),
    ("[" * 4000, "nested"),
    ('{"action":' * 400, "nested"),
    ('{"action": "start", "action": "stop"}', "twice"),
    ('{"action": "start", "x": {"a": 1, "a": 1}}', "twice"),
    ('{"action": "start", "num_speakers": NaN}', "NaN"),
    ('{"action": "gap", "ms": -Infinity}', "Infinity"),
    ('{"action": "gap", "ms": 1e400}', "too large"),
    ('{"action": "gap", "ms": ' + "1" * 4000 + "}", "digits"),
    (r'{"action": "\ud800"}', "surrogate"),
    (r'{"action": "start", "known_voices": [{"name": "\udc00"}]}', "surrogate"),
    (r'{"\ud800": 1}', "surrogate"),
]


@pytest.mark.parametrize(("text", "word"), UNFIT)
def test_what_can_be_read_in_two_ways_or_costs_much_is_refused(text, word):
    with pytest.raises(UnfitJson, match=word):
        parse_json(text)
    with pytest.raises(BadInput, match=word) as refused:
        parse_command(text)
    assert refused.value.code == "invalid_json"


@pytest.mark.parametrize(
    "text", ["", " ", "{", '{"action"}', "{'action': 1}", '"\n"', "\0", '{"a": 01}', '{"a": 1}}', "\ufeff{}", "\\"]
)
def test_what_is_no_json_is_refused(text):
    with pytest.raises(BadInput) as refused:
        parse_command(text)
    assert refused.value.code == "invalid_json"


VALUES = ["null", "true", "0", "-1", "1.5", "1e308", "9" * 100, '""', '"x"', r'"\u0000"', "[]", "[[]]", "{}", '{"a": 1}', '"😀"']
KEYS = ["action", "num_speakers", "timeline", "known_voices", "sample_rate", "encoding", "channels", "ms", "hints", "voiceprints"]


@pytest.mark.parametrize("action", ["start", "gap", "stop", "keepalive"])
def test_no_value_of_any_key_is_a_fault_of_the_server(action):
    for key in KEYS:
        for value in [*VALUES, '[{"name": 1}]', '[{"name": "a", "voiceprint": {"vector": 1, "seconds": 1e308}}]']:
            text = f'{{"{key}": {value}}}' if key == "action" else f'{{"action": "{action}", "{key}": {value}}}'
            with suppress(BadInput):
                parse_command(text)
