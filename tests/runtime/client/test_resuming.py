"""The client of programs, where its server keeps the session: one part, whatever becomes of the connection."""

import json

import pytest
from websockets.exceptions import ConnectionClosed

from speaker_tracker.client import (
    ConnectionLost,
    Disconnected,
    Reconnected,
    Resumed,
    Segment,
    ServerError,
    SpeakerUpdate,
    TrackerClient,
)
from support.client_harness import HASTY, PATIENT, SECOND, of, read_all, timeline, until

KEPT = '{"event": "started", "num_speakers": 2, "session": "abc"}'


def speaker(acknowledged=None):
    message = {"event": "speaker", "currentSpeakerId": 0, "speakingTimeMs": {"0": 500}}
    return json.dumps(message if acknowledged is None else {**message, "ackMs": acknowledged})


def resumed(audio_ms):
    return json.dumps({"event": "resumed", "num_speakers": 2, "audioMs": audio_ms})


def error(code):
    return json.dumps({"event": "error", "code": code, "message": f"because of {code}"})


REPORT = json.dumps({"event": "report", "speakers": [{"id": 0, "totalTimeMs": 2500}], "segments": []})


class KeepingServer:
    """Acts by ``script``, for each connection: its first answer, how much it takes in then, what it sends, and its close code.

    ``asked``: first messages. ``taken``: by connection, the numbers of seconds of audio, and later messages.
    """

    def __init__(self, *script):
        self.script = list(script)
        self.asked = []
        self.taken = []

    def __call__(self, websocket):
        first, enough, answers, close = self.script.pop(0)
        self.asked.append(json.loads(websocket.recv()))
        taken = []
        self.taken.append(taken)
        websocket.send(first)
        try:
            while len(taken) < enough:
                data = websocket.recv()
                if isinstance(data, bytes):
                    taken.extend(data[index] for index in range(0, len(data), 32_000))
                else:
                    taken.append(json.loads(data))
            for answer in answers:
                websocket.send(answer)
        except ConnectionClosed:
            return
        websocket.close(close)


def second(number):
    """A second of audio whose every byte is its number."""
    return bytes([number]) * 32_000


async def all_of(client, seconds):
    for number in seconds:
        await client.send(second(number))


STOP = {"action": "stop"}


async def test_a_lost_session_goes_on_where_the_server_has_it_in_the_same_part(serve_with):
    server = KeepingServer(
        (KEPT, 3, [speaker(1000), timeline(3000, (0, 2500, 0))], 1011),
        (resumed(2000), 3, [speaker(2000), timeline(4000, (2000, 4000, 1)), REPORT], 1000),
    )
    async with TrackerClient(serve_with(server), reconnect=PATIENT) as client:
        await all_of(client, [0, 1, 2])
        lost, _ = await until(client, of(Disconnected))
        assert lost.part == 0
        again, _ = await until(client, of(Resumed))
        assert again == Resumed(0, 2000)
        await all_of(client, [3])
        report = await client.stop()
        rest = await read_all(client)

    assert server.asked[0]["resumable"] is True
    assert server.asked[1] == {"action": "resume", "session": "abc"}
    assert server.taken == [[0, 1, 2], [2, 3, STOP]]
    assert report.complete
    assert [(part.number, part.sent_ms, part.speaking_ms) for part in report.parts] == [(0, 4000, {0: 2500})]
    assert not any(isinstance(event, Reconnected) for event in rest)
    assert SpeakerUpdate(0, 0, {0: 500}) in rest


async def test_what_the_server_says_again_replaces_what_it_said_before_the_loss(serve_with):
    server = KeepingServer(
        (KEPT, 3, [speaker(1000), timeline(3000, (0, 2500, 0))], 1011),
        (resumed(1000), 1, [speaker(1000), timeline(2000, (0, 1000, 0), (1000, 2500, 1))], 1011),
        (error("server_busy"), 0, [], 1013),
    )
    async with TrackerClient(serve_with(server), reconnect=HASTY) as client:
        await all_of(client, [0, 1, 2])
        await until(client, of(Resumed))
        with pytest.raises(ConnectionLost):
            await read_all(client)
        (part,) = client.report_so_far().parts
    assert part.segments == (Segment(0, 1000, 0), Segment(1000, 2500, 1))


@pytest.mark.parametrize("code", ["session_unknown", "session_incompatible"])
async def test_another_session_begins_at_once_where_the_server_cannot_go_on(serve_with, code):
    server = KeepingServer(
        (KEPT, 3, [speaker(0), timeline(3000, (0, 1500, 0))], 1011),
        (error(code), 0, [], 1008),
        ('{"event": "started", "num_speakers": 2}', 2, [timeline(1000, (0, 1000, 0)), REPORT], 1000),
    )
    async with TrackerClient(serve_with(server), reconnect=PATIENT) as client:
        await all_of(client, [0, 1, 2])
        begun, before = await until(client, of(Reconnected))
        report = await client.stop()

    assert not any(isinstance(event, Resumed) for event in before)
    assert [asked["action"] for asked in server.asked] == ["start", "resume", "start"]
    assert begun == Reconnected(1, offset_ms=0, lost_ms=0)
    assert len(report.parts) == 2


async def test_a_server_that_keeps_nothing_is_acknowledged_by_its_timeline_as_ever(serve_with):
    server = KeepingServer(
        ('{"event": "started", "num_speakers": 2}', 3, [speaker(), timeline(3000, (0, 2000, 0))], 1011),
        ('{"event": "started", "num_speakers": 2}', 2, [REPORT], 1000),
    )
    async with TrackerClient(serve_with(server), reconnect=PATIENT) as client:
        await all_of(client, [0, 1, 2])
        begun, _ = await until(client, of(Reconnected))
        await client.stop()
    assert begun.offset_ms == 2000
    assert [asked["action"] for asked in server.asked] == ["start", "start"]
    assert server.taken[1][0] == 2


async def test_a_session_that_was_stopped_is_resumed_for_its_report(serve_with):
    server = KeepingServer(
        (KEPT, 4, [speaker(3000), timeline(3000, (0, 2500, 0))], 1011),
        (resumed(3000), 1, [REPORT], 1000),
    )
    async with TrackerClient(serve_with(server), reconnect=PATIENT) as client:
        report = await client.stream(b"".join(map(second, range(3))))
    assert server.taken == [[0, 1, 2, STOP], [STOP]]
    assert report.complete


async def test_a_session_that_another_connection_has_taken_over_is_the_end(serve_with):
    server = KeepingServer((KEPT, 3, [speaker(1000), error("session_taken_over")], 1008))
    async with TrackerClient(serve_with(server), reconnect=PATIENT) as client:
        await all_of(client, [0, 1, 2])
        with pytest.raises(ServerError, match="because of session_taken_over") as caught:
            await read_all(client)
    assert caught.value.code == "session_taken_over"


async def test_who_does_not_reconnect_or_does_not_want_it_does_not_ask(serve_with):
    for options in ({"reconnect": None}, {"resumable": False}):
        server = KeepingServer(('{"event": "started", "num_speakers": 2}', 2, [REPORT], 1000))
        async with TrackerClient(serve_with(server), **options) as client:
            await client.stream(SECOND)
        assert server.asked[0]["resumable"] is False
