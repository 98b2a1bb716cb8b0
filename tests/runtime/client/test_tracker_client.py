"""The client of programs, with one server that stays where it is."""

import asyncio
import sys
import threading
import tracemalloc
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
from websockets.asyncio.server import serve

from speaker_tracker.client import (
    AccessRefused,
    BadArgument,
    CannotConnect,
    ClientError,
    ConnectionLost,
    EventsMissed,
    NotASpeakerTracker,
    Part,
    Report,
    Segment,
    ServerError,
    ServerUnavailable,
    SessionOver,
    SpeakerNow,
    TimelineChanged,
    TrackerClient,
    opening,
)
from speaker_tracker.errors import UserError
from speaker_tracker.protocol import ErrorCode

STARTED = '{"event": "started", "num_speakers": 2}'
SPEAKER = '{"event": "speaker", "currentSpeakerId": 0, "speakingTimeMs": {"0": 500}}'
REPORT = '{"event": "report", "speakers": [{"id": 0, "totalTimeMs": 500}]}'
SECOND = bytes(32_000)


def level(who):
    """A second of the scripted stage's speaker ``who``."""
    return np.full(16_000, 1000 * (who + 1), np.int16)


SPEECH = [SECOND, level(0), level(1), level(1)]
HEARD = Report(
    (
        Part(
            number=0,
            offset_ms=0,
            sent_ms=4000,
            reported=True,
            speaking_ms={0: 1000, 1: 2000},
            segments=(Segment(1000, 2000, 0), Segment(2000, 4000, 1)),
        ),
    ),
    complete=True,
)


def quick(url, **options):
    """A client that does not try again."""
    return TrackerClient(url, **{"reconnect": None, **options})


async def read_all(client):
    return [event async for event in client]


async def no_task_left():
    """Every task but the test's own has ended, perhaps just now."""
    async with asyncio.timeout(30):
        while len(asyncio.all_tasks()) > 1:  # noqa: ASYNC110 - tasks end without telling
            await asyncio.sleep(0.01)


# -- a session -------------------------------------------------------------------------------------------------------------------


async def test_events_come_while_audio_goes_and_the_report_is_the_last(tracker):
    async with TrackerClient(tracker) as client:
        client.stream_in_background(SPEECH)
        events = await read_all(client)
    assert events[0] == SpeakerNow(0, None, {})
    assert events[1] == TimelineChanged(0, events[1].audio_ms, (Segment(0, 500, None),))
    assert events[-3] == SpeakerNow(0, 1, {0: 1000, 1: 2000})
    assert events[-1] == HEARD
    assert {type(event) for event in events[:-1]} == {SpeakerNow, TimelineChanged}
    await no_task_left()


async def test_a_sender_and_a_reader_go_side_by_side(tracker):
    async with TrackerClient(tracker) as client, asyncio.TaskGroup() as group:
        reading = group.create_task(read_all(client))
        for audio in SPEECH:
            await client.send(audio)
        report = await client.stop()
    assert report == reading.result()[-1] == HEARD


async def test_events_may_be_read_after_all_is_said(tracker):
    async with TrackerClient(tracker) as client:
        assert await client.stream(SPEECH) == HEARD
        assert await client.stop() == HEARD
        assert client.report_so_far() == HEARD
        assert (await read_all(client))[-1] == HEARD
        assert await read_all(client) == []


@pytest.mark.parametrize("source", [np.concatenate([np.zeros(16_000, np.int16), *SPEECH[1:]]), b"".join(map(bytes, SPEECH))])
async def test_audio_may_come_in_one_piece(tracker, source):
    async with TrackerClient(tracker) as client:
        assert await client.stream(source) == HEARD


async def test_audio_may_be_waited_for(tracker):
    async def source():
        for audio in SPEECH:
            await asyncio.sleep(0.01)
            yield audio

    async with TrackerClient(tracker) as client:
        assert await client.stream(source()) == HEARD


async def test_in_real_time_audio_goes_out_as_it_is_spoken(tracker):
    loop = asyncio.get_running_loop()
    async with TrackerClient(tracker) as client:
        begun = loop.time()
        await client.stream([bytes(24_000)] * 2, realtime=True)
        assert loop.time() - begun >= 1.5


async def test_who_does_not_ask_for_the_timeline_is_not_told_of_it(tracker):
    async with TrackerClient(tracker, timeline=False) as client:
        client.stream_in_background(SPEECH)
        events = await read_all(client)
    assert {type(event) for event in events[:-1]} == {SpeakerNow}
    assert events[-1].parts[0].segments is None


async def test_fewer_speakers_are_tracked_where_fewer_are_asked_for(tracker):
    async with TrackerClient(tracker, num_speakers=1) as client:
        assert (await client.stream(SPEECH)).parts[0].speaking_ms == {0: 1000}


async def test_what_is_known_so_far_can_be_asked_for_at_any_time(tracker):
    async with TrackerClient(tracker) as client:
        assert client.report_so_far() == Report((Part(0, 0, 0, reported=False, speaking_ms={}, segments=()),), complete=False)
        await client.send(np.concatenate(SPEECH[1:]))
        async for event in client:
            if event == SpeakerNow(0, 1, {0: 1000, 1: 2000}):
                break
        (part,) = client.report_so_far().parts
        assert (part.sent_ms, part.reported, part.speaking_ms) == (3000, False, {0: 1000, 1: 2000})


async def test_a_loop_that_is_left_can_be_taken_up_again(tracker):
    async with TrackerClient(tracker) as client:
        client.stream_in_background(SPEECH)
        first = None
        async for first in client:  # noqa: B007
            break
        rest = await read_all(client)
    assert first == SpeakerNow(0, None, {})
    assert rest[-1] == HEARD
    assert len(rest) >= 15


async def test_what_a_newer_server_adds_is_passed_over(serve_with):
    def newer(websocket):
        websocket.recv()
        for message in (STARTED, '{"event": "weather"}', REPORT):
            websocket.send(message)

    async with quick(serve_with(newer)) as client:
        assert await read_all(client) == [client.report_so_far()]


# -- bounds ------------------------------------------------------------------------------------------------------------------------


async def test_a_reader_that_is_slow_misses_the_oldest_events_and_is_told(tracker):
    async with TrackerClient(tracker, max_waiting_events=5) as client:
        await client.stream(SPEECH)
        missed, *rest = await read_all(client)
    assert isinstance(missed, EventsMissed)
    assert missed.count >= 10
    assert len(rest) == 5
    assert rest[-1] == HEARD


@pytest.mark.parametrize("reading", [True, False])
async def test_thousands_of_events_take_no_memory(serve_with, reading):
    def talk(websocket):
        websocket.recv()
        websocket.send(STARTED)
        for _ in range(20_000):
            websocket.send(SPEAKER)
        websocket.recv()
        websocket.send(REPORT)

    async with quick(serve_with(talk), max_waiting_events=50) as client:
        for _ in range(50):
            await anext(client)
        tracemalloc.start()
        stopping = asyncio.create_task(client.stop())
        heard = 0
        if reading:
            async for _ in client:
                heard += 1
        await stopping
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert heard > 0 or not reading
    assert peak < 2 << 20


async def test_a_server_that_is_slow_slows_the_sender(serve_with):
    go_on = threading.Event()

    def slow(websocket):
        websocket.recv()
        websocket.send(STARTED)
        go_on.wait(30)
        while isinstance(websocket.recv(), bytes):
            pass
        websocket.send(REPORT)

    sent = 0

    async def frames():
        nonlocal sent
        for sent in range(3000):  # noqa: B007 - counts
            yield SECOND

    async with quick(serve_with(slow)) as client:
        streaming = asyncio.create_task(client.stream(frames()))
        held_back = -1
        while held_back != sent:
            held_back = sent
            await asyncio.sleep(0.5)
        assert held_back < 2000
        go_on.set()
        assert (await streaming).parts[0].sent_ms == 3_000_000


# -- leaving in the middle ---------------------------------------------------------------------------------------------------------


@pytest.fixture
async def watched(serve_with):
    """A server of which the test sees when its connection has ended, and the address."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def run(websocket):
        try:
            websocket.recv()
            websocket.send(STARTED)
            for _ in websocket:
                websocket.send(SPEAKER)
        finally:
            loop.call_soon_threadsafe(ended.set)

    return serve_with(run), ended


async def test_leaving_without_stop_gives_the_session_up(watched):
    url, ended = watched
    async with TrackerClient(url) as client:
        await client.send(SECOND)
    await asyncio.wait_for(ended.wait(), 30)
    await no_task_left()
    with pytest.raises(SessionOver, match="the client is not open"):
        await client.send(SECOND)
    with pytest.raises(SessionOver):
        await client.stop()


async def test_leaving_at_once_closes_the_connection(watched):
    url, ended = watched
    async with TrackerClient(url):
        pass
    await asyncio.wait_for(ended.wait(), 30)
    await no_task_left()


async def test_an_error_in_the_body_is_its_own_and_closes_the_connection(watched):
    url, ended = watched

    async def body():
        async with TrackerClient(url) as client:
            client.stream_in_background([SECOND] * 3)
            async for _ in client:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await body()
    await asyncio.wait_for(ended.wait(), 30)
    await no_task_left()


async def send_for_ever(client):
    while True:
        await client.send(SECOND)


async def read_while_streaming(client):
    async def for_ever():
        while True:
            yield SECOND

    client.stream_in_background(for_ever())
    await read_all(client)


@pytest.mark.parametrize("use", [anext, send_for_ever, TrackerClient.stop, read_while_streaming])
async def test_a_client_that_is_cancelled_closes_the_connection(serve_with, use):
    ended, started = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def listen(websocket):
        websocket.recv()
        websocket.send(STARTED)
        loop.call_soon_threadsafe(started.set)
        for _ in websocket:
            pass
        loop.call_soon_threadsafe(ended.set)

    async def enter_and_use(url):
        async with TrackerClient(url) as client:
            await use(client)

    using = asyncio.create_task(enter_and_use(serve_with(listen)))
    await asyncio.wait_for(started.wait(), 30)
    await asyncio.sleep(0.1)
    using.cancel()
    with pytest.raises(asyncio.CancelledError):
        await using
    await asyncio.wait_for(ended.wait(), 30)
    await no_task_left()


async def test_a_client_that_is_cancelled_while_it_connects_leaves_nothing(unused_tcp_port):
    connected = asyncio.Event()

    async def silent(reader, _writer):
        connected.set()
        await reader.read()
        await reader.read()
        _writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", unused_tcp_port):
        entering = asyncio.create_task(TrackerClient(f"ws://127.0.0.1:{unused_tcp_port}").__aenter__())
        await connected.wait()
        entering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await entering
        await no_task_left()


async def test_who_waits_is_told_when_the_client_is_left(watched):
    url, _ = watched
    async with TrackerClient(url) as client:
        reading = asyncio.create_task(anext(client, "the end"))
        await asyncio.sleep(0)
    assert await asyncio.wait_for(reading, 30) == "the end"


async def test_a_send_that_is_cancelled_harms_no_other(tracker):
    async with TrackerClient(tracker) as client:
        sending = asyncio.create_task(client.send(SECOND))
        await asyncio.sleep(0)
        sending.cancel()
        await asyncio.wait({sending})
        assert (await client.stream(SPEECH)).parts[0].speaking_ms == {0: 1000, 1: 2000}


# -- what goes wrong ---------------------------------------------------------------------------------------------------------------


async def fails(url, kind, **options):
    """The sentence of the error with which a session fails, whoever asks."""

    async def use():
        async with quick(url, **options) as client:
            client.stream_in_background([SECOND] * 100)
            await read_all(client)

    with pytest.raises(kind) as raised:
        await use()
    assert type(raised.value) is kind
    assert isinstance(raised.value, ClientError)
    assert isinstance(raised.value, UserError)
    assert "\n" not in str(raised.value)
    await no_task_left()
    return str(raised.value)


async def test_an_error_of_the_server_is_raised_with_its_code_to_all(serve_with):
    def refuse(websocket):
        websocket.recv()
        websocket.send(STARTED)
        websocket.recv()
        websocket.send('{"event": "error", "code": "stage_failed", "message": "stage \'x\' failed"}')
        websocket.close(1011)

    async with TrackerClient(serve_with(refuse)) as client:
        with pytest.raises(ServerError, match="the server says: stage 'x' failed") as raised:
            await client.stream([SECOND] * 1000)
        assert raised.value.code is ErrorCode.STAGE_FAILED
        for again in (client.send(SECOND), client.stop(), anext(client)):
            with pytest.raises(ServerError):
                await again
        assert not client.report_so_far().complete


async def test_a_code_that_is_new_is_a_plain_word(serve_with):
    def refuse(websocket):
        websocket.recv()
        websocket.send('{"event": "error", "code": "too_sunny", "message": "wait for the shade"}')
        websocket.close(1008)

    with pytest.raises(ServerError) as raised:
        async with TrackerClient(serve_with(refuse)):
            pass
    assert raised.value.code == "too_sunny"
    assert not isinstance(raised.value.code, ErrorCode)


async def test_a_report_before_an_error_is_kept(serve_with):
    def idle(websocket):
        websocket.recv()
        websocket.send(STARTED)
        websocket.send(REPORT)
        websocket.send('{"event": "error", "code": "idle_timeout", "message": "nothing was received"}')
        websocket.close(1008)

    async with TrackerClient(serve_with(idle)) as client:
        with pytest.raises(ServerError, match="nothing was received"):
            await client.stop()
        (part,) = client.report_so_far().parts
    assert part.reported
    assert part.speaking_ms == {0: 500}


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("{broken", "text that is not JSON"),
        (b"\0\0", "a binary frame"),
        ("{}", "JSON without an event"),
        ('{"event": "speaker"}', "a 'speaker' event whose currentSpeakerId is wrong (Field required)"),
    ],
)
async def test_what_is_not_the_protocol_is_told(serve_with, sent, words):
    def strange(websocket):
        websocket.recv()
        websocket.send(STARTED)
        websocket.send(sent)
        websocket.recv(timeout=30)

    url = serve_with(strange)
    assert await fails(url, NotASpeakerTracker) == f"{url} is no speaker tracker: it sent {words}"


async def test_an_echo_is_no_speaker_tracker(serve_with):
    def echo(websocket):
        for data in websocket:
            websocket.send(data)

    url = serve_with(echo)
    assert await fails(url, NotASpeakerTracker) == f"{url} is no speaker tracker: it sent JSON without an event"


async def test_a_server_that_never_starts_a_session_is_not_waited_for_for_ever(serve_with, monkeypatch):
    monkeypatch.setattr(opening, "START_SECONDS", 0.2)

    def silent(websocket):
        for _ in websocket:
            pass

    url = serve_with(silent)
    assert await fails(url, CannotConnect) == f"{url} did not start a session within 0.2 s"


async def test_a_plain_web_server_is_no_speaker_tracker():
    class Plain(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Plain)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"ws://127.0.0.1:{server.server_port}"
    assert await fails(f"{address}/", NotASpeakerTracker) == f"{address}/ answered HTTP 200 instead of opening a session"
    assert "the path of a speaker tracker is /ws/session" in await fails(f"{address}/ws", NotASpeakerTracker)
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, AccessRefused, "wants a valid token (HTTP 401); give it with token="),
        (403, AccessRefused, "refuses this client (HTTP 403)"),
        (404, NotASpeakerTracker, "is not there (HTTP 404); the path of a speaker tracker is /ws/session"),
        (429, ServerUnavailable, "cannot open a session now (HTTP 429); try again later"),
        (500, NotASpeakerTracker, "answered HTTP 500 instead of opening a session"),
        (502, ServerUnavailable, "cannot open a session now (HTTP 502); try again later"),
        (503, ServerUnavailable, "takes no more sessions now (HTTP 503); try again later"),
    ],
)
async def test_a_handshake_that_is_turned_down_says_why(serve_with, status, kind, words):
    url = serve_with(lambda _: None, process_request=lambda connection, _: connection.respond(HTTPStatus(status), "no\n"))
    assert await fails(url, kind) == f"{url} {words}"


async def test_a_token_in_the_address_is_not_told(serve_with):
    url = serve_with(lambda _: None, process_request=lambda connection, _: connection.respond(HTTPStatus.UNAUTHORIZED, "no\n"))
    assert "sesame" not in await fails(f"{url}?token=sesame", AccessRefused)
    assert "sesame" not in await fails(url.replace("ws://", "ws://me:sesame@"), AccessRefused)


async def test_nobody_listening_is_told(unused_tcp_port):
    url = f"ws://127.0.0.1:{unused_tcp_port}/ws/session"
    assert await fails(url, CannotConnect) == f"{url} cannot be reached: connection refused; is the server running?"


async def test_a_server_that_hangs_up_is_told(unused_tcp_port):
    async def hang_up(_reader, writer):
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", unused_tcp_port):
        url = f"ws://127.0.0.1:{unused_tcp_port}/ws/session"
        told = await fails(url, CannotConnect)
    assert told.startswith((f"{url} closed the connection before it answered", f"{url} cannot be reached: Connection reset"))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can be told how patient to be")
async def test_a_server_that_takes_nothing_any_more_is_given_up():
    done = asyncio.Event()

    async def stuck(websocket):
        await websocket.recv()
        await websocket.send(STARTED)
        websocket.transport.pause_reading()
        await done.wait()
        websocket.transport.abort()

    async with serve(stuck, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws/session"
        with pytest.raises(ConnectionLost) as raised:
            async with quick(url, patience_seconds=1.0) as client:
                await client.stream([SECOND] * 1000)
        done.set()
    assert str(raised.value) == f"{url} broke the connection off"
    assert raised.value.close_code is None


async def test_a_source_that_fails_ends_the_session_with_its_own_error(tracker):
    def source():
        yield SECOND
        raise ValueError("the file is damaged")

    async with TrackerClient(tracker) as client:
        with pytest.raises(ValueError, match="the file is damaged"):
            await client.stream(source())
    async with TrackerClient(tracker) as client:
        client.stream_in_background(source())
        with pytest.raises(ValueError, match="the file is damaged"):
            await read_all(client)


async def test_audio_that_is_none_is_not_sent(tracker):
    async with TrackerClient(tracker) as client:
        for audio in (b"123", "abc", np.zeros((2, 2), np.int16)):
            with pytest.raises(BadArgument):
                await client.send(audio)
        assert await client.stream(SPEECH) == HEARD


async def test_audio_behind_the_end_is_refused(tracker):
    async with TrackerClient(tracker) as client:
        await client.stop()
        with pytest.raises(SessionOver, match="the session was stopped"):
            await client.send(SECOND)


@pytest.mark.parametrize("num_speakers", [0, 6, 2.5, "2", True])
def test_a_number_of_speakers_that_no_server_takes_is_told(num_speakers):
    with pytest.raises(BadArgument, match="num_speakers must be a whole number from 1 to 5"):
        TrackerClient(num_speakers=num_speakers)


@pytest.mark.parametrize("options", [{"max_waiting_events": 0}, {"patience_seconds": 0}])
def test_bounds_must_leave_room(options):
    with pytest.raises(BadArgument, match="must be more than 0"):
        TrackerClient(**options)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/ws/session", "127.0.0.1:8000", "", "ws://[::1/x"])
async def test_what_is_no_address_is_told_at_once(url):
    with pytest.raises(BadArgument, match=r"ws://127\.0\.0\.1:8000/ws/session"):
        async with TrackerClient(url):
            pass


async def test_a_client_is_entered_once_and_used_inside(tracker):
    client = TrackerClient(tracker)
    for too_early in (client.send(SECOND), client.stop(), anext(client)):
        with pytest.raises(SessionOver, match="enter it"):
            await too_early
    with pytest.raises(SessionOver, match="enter it"):
        client.stream_in_background(SECOND)
    async with client:
        with pytest.raises(RuntimeError, match="entered once"):
            await client.__aenter__()
    with pytest.raises(RuntimeError, match="entered once"):
        await client.__aenter__()
