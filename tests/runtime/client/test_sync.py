"""The client of programs without asyncio."""

import signal
import threading
import time

import numpy as np
import pytest

from speaker_tracker.client import (
    AccessRefused,
    BadArgument,
    CannotConnect,
    ConnectionLost,
    Disconnected,
    EventsMissed,
    NotASpeakerTracker,
    Reconnected,
    Segment,
    ServerBusy,
    ServerError,
    SessionOver,
    SpeakerUpdate,
    TimelineUpdate,
    TrackerClientSync,
)
from speaker_tracker.protocol import ErrorCode
from support.client_harness import HEARD, PATIENCE, PATIENT, SECOND, SPEECH, STARTED, level


@pytest.fixture(autouse=True)
def no_thread_left():
    before = set(threading.enumerate())
    yield
    ours = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("speaker-tracker-")]
    for thread in ours:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in ours)


def test_audio_goes_and_events_come(tracker):
    with TrackerClientSync(tracker) as client:
        for audio in SPEECH:
            client.send(audio)
        assert client.stop() == HEARD
        events = list(client)
        assert client.report_so_far() == HEARD
    assert events[0] == SpeakerUpdate(0, None, {})
    assert events[-1] == HEARD
    assert len(events) == 17
    assert client.report_so_far() == HEARD


def test_events_are_read_while_audio_goes(tracker):
    with TrackerClientSync(tracker) as client:
        client.stream_in_background(SPEECH)
        assert list(client)[-1] == HEARD


def test_a_source_may_block(tracker):
    def microphone():
        for audio in SPEECH:
            time.sleep(0.05)
            yield audio

    with TrackerClientSync(tracker) as client:
        assert client.stream(microphone()) == HEARD


def test_in_real_time_audio_goes_out_as_it_is_spoken(tracker):
    with TrackerClientSync(tracker) as client:
        begun = time.monotonic()
        client.stream([SECOND], realtime=True)
        assert time.monotonic() - begun >= 1


def test_a_loop_that_is_left_can_be_taken_up_again(tracker):
    with TrackerClientSync(tracker, timeline=False, num_speakers=1) as client:
        client.stream_in_background(SPEECH)
        assert next(client) == SpeakerUpdate(0, None, {})
        assert list(client)[-1].parts[0].speaking_ms == {0: 1000}
        assert list(client) == []


def test_a_slow_reader_gets_the_number_of_missed_events(tracker):
    with TrackerClientSync(tracker, max_waiting_events=3) as client:
        client.stream(SPEECH)
        missed, *rest = client
    assert isinstance(missed, EventsMissed)
    assert len(rest) == 3


def test_an_error_in_the_body_closes_the_connection(serve_with):
    ended = threading.Event()

    def listen(websocket):
        websocket.recv()
        websocket.send(STARTED)
        for _ in websocket:
            pass
        ended.set()

    client = TrackerClientSync(serve_with(listen))

    def body():
        with client:
            client.send(SECOND)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        body()
    assert ended.wait(PATIENCE)
    for use in (lambda: client.send(SECOND), client.stop, lambda: next(client)):
        with pytest.raises(SessionOver, match="not open"):
            use()


def test_a_source_that_fails_is_told_to_the_reader(tracker):
    def source():
        yield SECOND
        raise ValueError("the file is damaged")

    with TrackerClientSync(tracker) as client, pytest.raises(ValueError, match="the file is damaged"):
        client.stream(source())
    with TrackerClientSync(tracker) as client:
        client.stream_in_background(source())
        with pytest.raises(ValueError, match="the file is damaged"):
            list(client)


def test_errors_are_those_of_the_twin(tracker, serve_with, unused_tcp_port):
    def refuse(websocket):
        websocket.recv()
        websocket.send(STARTED)
        websocket.send('{"event": "error", "code": "stage_failed", "message": "stage \'x\' failed"}')
        websocket.close(1011)

    with pytest.raises(CannotConnect, match="connection refused"):
        TrackerClientSync(f"ws://127.0.0.1:{unused_tcp_port}", reconnect=None).__enter__()
    with TrackerClientSync(serve_with(refuse)) as client:
        with pytest.raises(ServerError) as raised:
            list(client)
        with pytest.raises(ServerError):
            client.send(SECOND)
    assert raised.value.code is ErrorCode.STAGE_FAILED
    with TrackerClientSync(tracker) as client:
        with pytest.raises(BadArgument, match="no whole number of samples"):
            client.send(b"123")
        with pytest.raises(RuntimeError, match="entered once"):
            client.__enter__()
    with pytest.raises(BadArgument, match="num_speakers"):
        TrackerClientSync(num_speakers=9)


def test_a_server_of_something_else_is_reported(serve_with):
    def broken(websocket):
        websocket.send("{broken")
        websocket.recv(timeout=PATIENCE)

    with pytest.raises(NotASpeakerTracker, match="text that is not JSON"):
        TrackerClientSync(serve_with(broken)).__enter__()


def test_a_token_is_needed_and_a_busy_server_waited_for(scripted_chain, start_server):  # noqa: ARG001
    server = start_server(tokens=["sesame"], max_sessions=1)
    with pytest.raises(AccessRefused):
        TrackerClientSync(server.url).__enter__()
    with TrackerClientSync(server.url, token="sesame") as first:
        with pytest.raises(ServerBusy):
            TrackerClientSync(server.url, token="sesame", reconnect=None).__enter__()
        second = TrackerClientSync(server.url, token="sesame", reconnect=PATIENT)
        entering = threading.Thread(target=second.__enter__)
        entering.start()
        server.logged("turned a client away", times=2)
        first.stop()
    entering.join(PATIENCE)
    assert second.stream(SPEECH) == HEARD
    second.__exit__(None, None, None)


@pytest.mark.slow
def test_a_server_that_is_killed_is_replaced(scripted_chain, start_server, unused_tcp_port):  # noqa: ARG001
    port = ("--port", str(unused_tcp_port))
    server = start_server(*port)
    with TrackerClientSync(server.url, reconnect=PATIENT) as client:
        client.send(level(0))
        while next(client) != TimelineUpdate(0, 1000, (Segment(500, 1000, 0),)):
            pass
        server.process.kill()
        server.wait(PATIENCE)
        while not isinstance(next(client), Disconnected):
            pass
        start_server(*port)
        client.send(level(1))
        again = next(client)
        report = client.stop()
    assert isinstance(again, Reconnected)
    assert [part.speaking_ms for part in report.parts] == [{0: 1000}, {1: 1000}]


def test_a_server_that_does_not_come_back_is_reported(scripted_chain, start_server):  # noqa: ARG001
    server = start_server()
    with TrackerClientSync(server.url, reconnect=None) as client:
        client.send(level(0))
        server.process.kill()
        with pytest.raises(ConnectionLost):
            list(client)


def test_who_waits_can_be_interrupted_and_go_on(tracker):
    with TrackerClientSync(tracker) as client:
        client.send(SECOND[:320])  # too little for an event
        # As Ctrl-C does.
        interrupting = threading.Timer(0.3, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - it may come as soon as the timer runs
            interrupting.start()
            next(client)
        client.send(np.concatenate(SPEECH[1:]))
        assert client.stop().parts[0].speaking_ms.keys() == {0, 1}
