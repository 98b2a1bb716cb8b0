"""Several processes of one server: how they share connections, sessions, and what one of them leaves when it crashes."""

import json
import os
import signal
import urllib.request
from collections import Counter
from contextlib import ExitStack, suppress

import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

pytestmark = pytest.mark.usefixtures("scripted_chain")

FEW = 10


def open_session(url, stack):
    client = stack.enter_context(connect(url, open_timeout=60))
    with suppress(ConnectionClosed):  # one who is refused is told so before they have said anything
        client.send('{"action": "start"}')
    return client, json.loads(client.recv(60))


def sessions_by_worker(server, count):
    """How many sessions each worker has opened, by its process id in the log."""
    server.logged("opened", times=count)
    return Counter(line.split("[")[1].split("]")[0] for line in server.log if ": opened" in line)


def workers_of(server):
    return psutil.Process(server.process.pid).children()


def open_sessions(server):
    return server.health()[1]["sessions"]


def test_sessions_are_spread_evenly_also_when_they_are_few(start_server):
    server = start_server("--workers", "2")
    assert server.url
    with ExitStack() as stack:
        for _ in range(FEW):
            open_session(server.url, stack)
        assert sorted(sessions_by_worker(server, FEW).values()) == [FEW // 2, FEW // 2]


def test_a_worker_that_hangs_keeps_nobody_waiting(start_server):
    server = start_server("--workers", "2")
    assert server.url
    hanging, _ = workers_of(server)
    hanging.suspend()
    try:
        with ExitStack() as stack:
            for _ in range(FEW):
                assert open_session(server.url, stack)[1]["event"] == "started"
    finally:
        hanging.resume()


@pytest.mark.parametrize("preload", ["true", "false"])
def test_limit_and_health_are_those_of_all_processes_together(start_server, preload):
    server = start_server("--workers", "2", max_sessions="3", preload=preload)
    with ExitStack() as stack:
        for _ in range(3):
            open_session(server.url, stack)
        refusal = open_session(server.url, stack)[1]
        assert (refusal["code"], "all 3 sessions" in refusal["message"]) == ("server_busy", True)
        told = {(server.health()[1]["sessions"], server.health()[1]["max_sessions"]) for _ in range(4)}
        assert told == {(3, 3)}
    while open_sessions(server):
        assert server.process.poll() is None
    with ExitStack() as stack:
        assert open_session(server.url, stack)[1]["event"] == "started"


@pytest.mark.parametrize("preload", ["true", "false"])
def test_sessions_of_an_address_are_those_of_all_processes_together(start_server, preload):
    server = start_server("--workers", "2", max_sessions_per_address="3", preload=preload)
    with ExitStack() as stack:
        for _ in range(3):
            open_session(server.url, stack)
        assert sum(sessions_by_worker(server, 3).values()) == 3
        assert len(sessions_by_worker(server, 3)) == 2
        for _ in range(2):  # whichever process it comes to
            assert open_session(server.url, stack)[1]["code"] == "too_many_sessions"
        os.kill(int(next(iter(sessions_by_worker(server, 3)))), signal.SIGKILL)
        server.logged("new worker is ready")
        assert open_session(server.url, stack)[1]["event"] == "started"
        stack.pop_all()  # the victim's clients have nobody to say goodbye to


def test_a_worker_that_crashes_gives_its_places_back_and_the_next_one_takes_its_share(start_server):
    server = start_server("--workers", "2", max_sessions="4")
    with ExitStack() as stack:
        for _ in range(4):
            open_session(server.url, stack)
        victim, _ = workers_of(server)
        os.kill(victim.pid, signal.SIGKILL)
        server.logged("new worker is ready")
        assert open_sessions(server) == 2
        for _ in range(2):
            assert open_session(server.url, stack)[1]["event"] == "started"
        sessions = sessions_by_worker(server, 6)
        assert len(sessions) == 3
        assert sessions[str(victim.pid)] == 2
        stack.pop_all()  # the victim's clients have nobody to say goodbye to


def test_plain_requests_one_after_the_other_are_all_answered(start_server):
    server = start_server("--workers", "3")
    address = server.url.replace("ws", "http", 1).removesuffix("/ws/session")
    for _ in range(60):
        with urllib.request.urlopen(f"{address}/health/ready", timeout=30) as response:
            assert response.status == 200
