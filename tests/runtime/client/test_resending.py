"""The client of programs, where a connection is lost with audio on its way: what no server has answered for is sent again."""

import asyncio
import itertools
import json
import signal
import threading

import pytest

from speaker_tracker.client import (
    BadArgument,
    ConnectionLost,
    Disconnected,
    Reconnected,
    Segment,
    SessionOver,
    SpeakerUpdate,
    TimelineUpdate,
    TrackerClient,
)
from speaker_tracker.client.outbox import MAX_KEPT_BYTES
from support.client_harness import (
    HASTY,
    PATIENCE,
    PATIENT,
    REPORT,
    SECOND,
    SPEAKER,
    STARTED,
    kill,
    level,
    of,
    quick,
    timeline,
    until,
)


class Sessions:
    """A handler for one session after another. ``first``: what the first does with its audio before the connection breaks."""

    def __init__(self, first):
        self.first = first
        self.heard = []

    def __call__(self, websocket):
        websocket.recv()
        websocket.send(STARTED)
        self.heard.append(bytearray())
        if len(self.heard) == 1:
            self.first(websocket)
            websocket.close_socket()
            return
        while isinstance(pcm := websocket.recv(), bytes) or "stop" not in pcm:
            self.heard[-1] += pcm if isinstance(pcm, bytes) else pcm.encode()
        websocket.send(REPORT)


def hear(websocket, seconds):
    heard = 0
    while heard < seconds * len(SECOND):
        heard += len(websocket.recv())


def numbered(*seconds):
    return b"".join(level(number).tobytes() for number in seconds)


async def test_the_next_session_begins_with_unacknowledged_audio(serve_with):
    def answer_for_some(websocket):
        hear(websocket, 3)
        websocket.send(timeline(1000, (0, 1000, 0)))
        websocket.send(timeline(2000, (700, 1400, 1)))

    sessions = Sessions(answer_for_some)
    async with TrackerClient(serve_with(sessions), reconnect=PATIENT) as client:
        for number in range(3):
            await client.send(level(number))
        again, _ = await until(client, of(Reconnected))
        await client.send(level(3))
        report = await client.stop()
    assert again == Reconnected(1, offset_ms=1400, lost_ms=0)
    assert sessions.heard[1] == numbered(0, 1, 2, 3)[1400 * 32 :]
    assert [(part.offset_ms, part.sent_ms, part.reported) for part in report.parts] == [(0, 1400, False), (1400, 2600, True)]
    assert report.parts[0].segments == (Segment(0, 700, 0), Segment(700, 1400, 1))
    assert report.finished


async def test_a_gap_that_was_not_acknowledged_is_sent_again_in_its_place(serve_with):
    def answer_for_some(websocket):
        hear(websocket, 1)
        assert json.loads(websocket.recv()) == {"action": "gap", "ms": 20_000}
        hear(websocket, 1)
        websocket.send(timeline(1000, (0, 1000, 0)))

    sessions = Sessions(answer_for_some)
    async with TrackerClient(serve_with(sessions), reconnect=PATIENT) as client:
        await client.send(level(0))
        await client.gap(20_000)
        await client.send(level(1))
        again, _ = await until(client, of(Reconnected))
        await client.keepalive()
        report = await client.stop()
    assert again == Reconnected(1, offset_ms=1000, lost_ms=0)
    told = bytes(sessions.heard[1]).replace(b'{"action":"keepalive"}', b"")
    assert told == b'{"action":"gap","ms":20000}' + numbered(1)
    assert [(part.offset_ms, part.sent_ms) for part in report.parts] == [(0, 1000), (1000, 21_000)]


@pytest.mark.parametrize("ms", [0, 1.0, True, 86_400_001, "20"])
async def test_a_gap_of_a_wrong_length_is_refused_before_anything_is_sent(serve_with, ms):
    async with TrackerClient(serve_with(Sessions(lambda websocket: websocket.recv()))) as client:
        with pytest.raises(BadArgument, match="whole number of milliseconds from 1 to 86400000"):
            await client.gap(ms)


@pytest.mark.slow
async def test_a_file_that_goes_out_at_once_is_covered_whole_though_its_server_is_killed(place):
    server = await place.start()

    async def source():
        for number in range(200):
            yield level(0)
            if number == 20:
                await kill(server)
                await place.start()

    async with TrackerClient(place.url, reconnect=PATIENT) as client:
        report = await client.stream(source())
    first, second = report.parts
    assert (first.offset_ms, second.offset_ms) == (0, first.sent_ms)
    assert first.sent_ms + second.sent_ms == 200_000
    assert [segment for part in report.parts for segment in part.segments] == [
        Segment(part.offset_ms, part.offset_ms + part.sent_ms, 0) for part in report.parts if part.sent_ms
    ]
    assert first.speaking_ms.get(0, 0) + second.speaking_ms[0] == 200_000


@pytest.mark.slow
async def test_audio_sent_to_a_server_that_hangs_is_sent_to_the_next(place):
    server = await place.start()
    async with TrackerClient(place.url, reconnect=PATIENT) as client:
        await client.send(level(0))
        await until(client, lambda event: event == TimelineUpdate(0, 1000, (Segment(500, 1000, 0),)))
        server.process.send_signal(signal.SIGSTOP)
        streaming = asyncio.create_task(client.stream([level(1)] * 30))
        while client.report_so_far().parts[0].sent_ms < 5000:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
        await kill(server)
        await place.start()
        again, _ = await until(client, of(Reconnected))
        report = await streaming
    assert again == Reconnected(1, offset_ms=1000, lost_ms=0)
    assert [part.speaking_ms for part in report.parts] == [{0: 1000}, {1: 30_000}]
    assert [part.segments for part in report.parts] == [(Segment(0, 1000, 0),), (Segment(1000, 31_000, 1),)]
    assert report.finished


async def test_a_connection_that_breaks_before_the_report_is_replaced_where_audio_has_no_answer(serve_with):
    def hear_all(websocket):
        while isinstance(websocket.recv(), bytes):
            pass

    sessions = Sessions(hear_all)
    async with TrackerClient(serve_with(sessions), reconnect=PATIENT) as client:
        report = await client.stream([level(number) for number in range(5)])
    assert sessions.heard[1] == numbered(*range(5))
    assert report.finished
    assert [(part.offset_ms, part.sent_ms) for part in report.parts] == [(0, 0), (0, 5000)]


@pytest.mark.slow
async def test_what_is_sent_while_there_is_no_connection_is_kept_and_reported(place):
    server = await place.start()
    async with TrackerClient(place.url, reconnect=PATIENT) as client:
        await client.send(level(0))
        await until(client, lambda event: event == TimelineUpdate(0, 1000, (Segment(500, 1000, 0),)))
        await kill(server)
        await until(client, of(Disconnected))
        for _ in range(3):
            await client.send(level(1))
        stopping = asyncio.create_task(client.stop())
        await asyncio.sleep(0)
        with pytest.raises(SessionOver, match="was stopped"):
            await client.send(level(1))
        assert not stopping.done()
        await place.start()
        report = await stopping
    assert report.finished
    assert [part.segments for part in report.parts] == [(Segment(0, 1000, 0),), (Segment(1000, 4000, 1),)]


async def test_audio_that_no_server_comes_back_for_is_an_error_of_stop(place):
    server = await place.start()
    async with TrackerClient(place.url, reconnect=HASTY) as client:
        await client.send(level(0))
        await until(client, lambda event: event == SpeakerUpdate(0, 0, {0: 1000}))
        server.process.send_signal(signal.SIGSTOP)
        await client.send(level(1))
        await kill(server)
        with pytest.raises(ConnectionLost, match="no other session could be opened"):
            await client.stop()
        (part,) = client.report_so_far().parts
    assert (part.sent_ms, part.speaking_ms) == (2000, {0: 1000})


@pytest.mark.slow
async def test_two_minutes_are_kept_for_a_server_that_is_away_and_then_the_sender_waits(place):
    server = await place.start()
    async with TrackerClient(place.url, reconnect=PATIENT) as client:
        await kill(server)
        await until(client, of(Disconnected))
        for _ in range(120):
            await client.send(level(0))
        assert len(client._outbox) == MAX_KEPT_BYTES
        waiting = asyncio.create_task(client.send(level(1)))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await place.start()
        await asyncio.wait_for(waiting, PATIENCE)
        report = await client.stop()
    assert report.parts[1].speaking_ms == {0: 120_000, 1: 1000}


async def test_a_sender_waits_for_a_server_that_takes_all_and_answers_for_nothing(serve_with):
    go_on = threading.Event()

    def silent(websocket):
        websocket.recv()
        websocket.send(STARTED)
        heard = 0
        while isinstance(pcm := websocket.recv(), bytes):
            heard += len(pcm)
            if heard == MAX_KEPT_BYTES:
                go_on.wait(PATIENCE)
                websocket.send(timeline(60_000, (0, 60_000, None)))
        websocket.send(REPORT)

    async with TrackerClient(serve_with(silent)) as client:
        streaming = asyncio.create_task(client.stream([SECOND] * 180))
        while len(client._outbox) < MAX_KEPT_BYTES:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        assert client.report_so_far().parts[0].sent_ms == 120_000
        go_on.set()
        assert (await streaming).parts[0].sent_ms == 180_000
        assert len(client._outbox) <= MAX_KEPT_BYTES


async def test_an_hour_of_audio_is_not_kept(serve_with):
    def answer(websocket):
        websocket.recv()
        websocket.send(STARTED)
        heard = 0
        while isinstance(pcm := websocket.recv(), bytes):
            websocket.send(timeline((heard + len(pcm)) // 32, (heard // 32, (heard + len(pcm)) // 32, None)))
            heard += len(pcm)
        websocket.send(REPORT)

    kept = []

    def source():
        for _ in range(3600):
            yield SECOND
            kept.append(len(client._outbox))

    async with TrackerClient(serve_with(answer), max_waiting_events=10) as client:
        report = await client.stream(source())
    assert report.parts[0].sent_ms == 3_600_000
    assert max(kept) <= MAX_KEPT_BYTES
    assert len(client._outbox) == 0


@pytest.mark.parametrize(("asked", "lost"), [(False, None), (True, 2000)])
async def test_a_server_that_only_tells_who_speaks_has_answered_for_what_was_sent_before(serve_with, asked, lost):
    heard = threading.Event()

    def tell_who_speaks(websocket):
        hear(websocket, 2)
        heard.wait(PATIENCE)
        for _ in range(2):
            websocket.send(SPEAKER)
        hear(websocket, 2)

    sessions = Sessions(tell_who_speaks)
    async with TrackerClient(serve_with(sessions), timeline=asked, reconnect=PATIENT) as client:
        for number in range(2):
            await client.send(level(number))
        while client._outbox.unsent:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
        heard.set()
        for _ in range(2):
            await until(client, of(SpeakerUpdate))
        for number in (2, 3):
            await client.send(level(number))
        again, _ = await until(client, of(Reconnected))
        report = await client.stop()
    assert again == Reconnected(1, offset_ms=2000, lost_ms=lost)
    assert sessions.heard[1] == numbered(2, 3)
    assert [part.speaking_ms for part in report.parts] == [{0: 500}, {0: 500}]


async def test_nothing_is_kept_without_reconnecting(serve_with):
    def listen(websocket):
        websocket.recv()
        websocket.send(STARTED)
        while isinstance(websocket.recv(), bytes):
            pass
        websocket.send(REPORT)

    async with quick(serve_with(listen)) as client:
        await client.stream(itertools.repeat(SECOND, 10))
        assert len(client._outbox) == 0


async def test_a_report_of_a_server_that_shuts_down_answers_for_what_it_covers(serve_with):
    def shut_down(websocket):
        hear(websocket, 3)
        websocket.send(timeline(1500, (0, 1000, None)))
        websocket.send(REPORT.replace("]}", '], "segments": [{"startMs": 1000, "endMs": 1800, "speakerId": 0}]}'))
        websocket.close(1001)

    sessions = Sessions(shut_down)
    async with TrackerClient(serve_with(sessions), reconnect=PATIENT) as client:
        report = await client.stream([level(number) for number in range(3)])
    assert sessions.heard[1] == numbered(0, 1, 2)[1800 * 32 :]
    assert [(part.offset_ms, part.sent_ms, part.reported) for part in report.parts] == [(0, 1800, True), (1800, 1200, True)]
    assert report.finished
    assert not report.complete
