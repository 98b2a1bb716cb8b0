import json

import pytest

from speaker_tracker.client.messages import ErrorReceived, NotTheProtocol, parse_message
from speaker_tracker.protocol import (
    HintMessage,
    ReportMessage,
    SegmentMessage,
    SpeakerMessage,
    SpeakerTotal,
    StartedMessage,
    TimelineMessage,
)


@pytest.mark.parametrize(
    "message",
    [
        StartedMessage(num_speakers=3),
        SpeakerMessage(currentSpeakerId=None, speakingTimeMs={0: 1200, 1: 500}),
        TimelineMessage(audioMs=1500, segments=[SegmentMessage(startMs=0, endMs=1500, speakerId=None)]),
        HintMessage(code="of_tomorrow", message="it may rain"),
        ReportMessage(speakers=[SpeakerTotal(id=0, totalTimeMs=5)]),
        ReportMessage(speakers=[], segments=[]),
    ],
)
def test_every_message_of_the_protocol_is_read_as_it_was_sent(message):
    assert parse_message(message.model_dump_json()) == message


def test_what_a_newer_server_adds_is_passed_over():
    assert parse_message('{"event": "weather", "sun": true}') is None
    assert parse_message('{"event": "started", "num_speakers": 2, "sun": true}') == StartedMessage(num_speakers=2)


def test_an_error_message_is_raised_also_with_a_code_that_is_new():
    with pytest.raises(ErrorReceived) as raised:
        parse_message(json.dumps({"event": "error", "code": "too_sunny", "message": "wait for the shade"}))
    assert (raised.value.code, raised.value.message) == ("too_sunny", "wait for the shade")


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\0\0", "a binary frame"),
        ("hello", "text that is not JSON"),
        ("[1]", "JSON without an event"),
        ('{"event": 3}', "JSON without an event"),
        (
            '{"event": "report", "speakers": 3}',
            r"a 'report' event whose speakers is wrong \(Input should be a valid (list|array)\)",
        ),
    ],
)
def test_an_invalid_message_is_reported(data, what):
    with pytest.raises(NotTheProtocol, match=what):
        parse_message(data)
