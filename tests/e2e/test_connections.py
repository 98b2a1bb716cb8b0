"""Clients that come and go as they like: nothing of them stays."""

import socket
import struct
import time

import pytest

from support.server_process import ServerProcess

pytestmark = pytest.mark.e2e


def vanish(client):
    """Resets the connection, without a word of WebSocket."""
    client.connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.connection.socket.close()


def wait_for_sessions(server, number):
    deadline = time.monotonic() + 60
    while (open_sessions := server.health()[1]["sessions"]) != number:
        assert time.monotonic() < deadline, f"{open_sessions} sessions are open, not {number}"
        time.sleep(0.05)


def assert_fresh_session_works(connect, pcm):
    with connect() as client:
        client.start()
        client.stream(pcm[: 32_000 * 8])
        assert client.report()["speakers"]


def test_client_that_vanishes_in_the_middle_of_a_word_leaves_no_session(connect, server, pcm):
    for _ in range(5):
        client = connect()
        client.start()
        client.stream(pcm[: 32_000 * 3 + 6400])
        vanish(client)

    wait_for_sessions(server, 0)
    assert_fresh_session_works(connect, pcm)


def open_and_drop(connect, number, pcm):
    """One of four ways to leave: at once, after start, in the middle of audio, with a proper close."""
    client = connect()
    way = number % 4
    if way:
        client.start()
    if way == 2:
        client.stream(pcm[96_000:105_600])
    if way == 3:
        client.connection.close()
    else:
        vanish(client)


@pytest.mark.timeout(600)
def test_a_thousand_connections_opened_and_dropped_leave_nothing(connect, server, pcm, record_property):
    for number in range(100):
        open_and_drop(connect, number, pcm)
    wait_for_sessions(server, 0)
    before = server.memory()

    for number in range(1000):
        open_and_drop(connect, number, pcm)
    wait_for_sessions(server, 0)
    grown = server.memory() - before

    record_property("grown_mib", grown / 2**20)
    assert grown < 24 << 20
    assert_fresh_session_works(connect, pcm)


def open_raw(url):
    """A WebSocket of which nobody will read, after its handshake."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.settimeout(30)
    host, port = url.removeprefix("ws://").split("/")[0].split(":")
    raw.connect((host, int(port)))
    raw.sendall(
        b"GET /ws/session HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert b" 101 " in raw.recv(1000)
    return raw


def frame(opcode, payload):
    """A short frame of a client, masked with zeros."""
    assert len(payload) < 126  # longer ones write their length in another way, and no other ones may
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + bytes(4) + payload


def test_client_that_floods_and_never_reads_takes_no_memory_and_is_let_go(impatient_server, record_property):
    url = impatient_server.url
    before = impatient_server.memory()
    with open_raw(url) as raw:
        raw.sendall(frame(1, b'{"action": "start", "timeline": true}'))
        sent = 0
        tiny = frame(2, bytes(32)) * 1000
        with pytest.raises(OSError, match=r"."):  # noqa: PT012 - at some time it is cut off
            while True:
                raw.sendall(tiny)
                sent += len(tiny)
    wait_for_sessions(impatient_server, 0)
    grown = impatient_server.memory() - before

    record_property("sent_mib", sent / 2**20)
    record_property("grown_mib", grown / 2**20)
    assert grown < 32 << 20
    assert impatient_server.logged(r"ended \(client .*\) after [1-9]")
    assert not [line for line in impatient_server.log if "ERROR" in line or "Traceback" in line]


@pytest.fixture
def impatient_server():
    process = ServerProcess(idle_timeout_seconds="3", start_timeout_seconds="3", max_messages_per_second="1e6")
    yield process
    process.end()


@pytest.mark.parametrize("started", [False, True])
def test_client_that_says_nothing_is_let_go(connect, impatient_server, started):
    with connect(impatient_server.url) as client:
        if started:
            client.start()
        assert "for 3 s" in client.heard("error")["message"]
        assert client.close_code() == 1008
    wait_for_sessions(impatient_server, 0)
