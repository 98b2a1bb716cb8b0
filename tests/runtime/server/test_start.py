"""``speaker-tracker serve`` from its first moment on: what it answers, and to whom, while its chain is loaded."""

import json
import signal
import socket
import threading
import urllib.error
import urllib.request

import numpy as np
import psutil
import pytest
from websockets.sync.client import connect

from support.gated_stage import GATED_STAGE

SECOND_OF_SPEAKER_0 = np.full(16_000, 1000, "<i2").tobytes()
PATIENCE = 60


@pytest.fixture
def gate(scripted_chain, site, monkeypatch, tmp_path):  # noqa: ARG001 - what stands behind the gate
    """Folder of a stage that loads when the file ``open`` is in there."""
    folder = tmp_path / "gate"
    folder.mkdir()
    source = GATED_STAGE.replace("PATH", repr(str(folder)))
    site.install("gated_plugin", source, distribution="gated-dist", entry_points={"gated-plugin": "gated_plugin"})
    monkeypatch.setenv("SPEAKER_TRACKER_STAGES", "gated,scripted")
    return folder


@pytest.fixture
def start(start_server, gate, unused_tcp_port, monkeypatch):
    """Starts a server that cannot load yet; returns it with ``host:port`` once it listens."""
    monkeypatch.setenv("SPEAKER_TRACKER_PORT", str(unused_tcp_port))

    def start(*arguments, **settings):
        server = start_server("--port", str(unused_tcp_port), *arguments, **settings)
        while not (gate / "loads").exists():
            assert server.process.poll() is None, server.log
        return server, f"127.0.0.1:{unused_tcp_port}"

    return start


def get(address, path):
    """Status, headers and body of a GET."""
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=PATIENCE) as response:
            return response.status, response.headers, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.load(error)


def session_in_thread(address, **options):
    """Run a session of a second; returns the thread and where its report will be."""
    reports = []

    def run():
        with connect(f"ws://{address}/ws/session", open_timeout=PATIENCE, **options) as client:
            client.send('{"action": "start"}')
            client.send(SECOND_OF_SPEAKER_0)
            client.send('{"action": "stop"}')
            while (message := json.loads(client.recv(PATIENCE)))["event"] != "report":
                pass
            reports.append(message["speakers"])

    thread = threading.Thread(target=run)
    thread.start()
    return thread, reports


@pytest.mark.parametrize("workers", [("1", {}), ("2", {}), ("2", {"preload": "false"})])
def test_health_is_answered_and_who_comes_waits_until_the_chain_is_loaded(start, gate, workers):
    server, address = start("--workers", workers[0], **workers[1])

    status, _, body = get(address, "/health")
    assert (status, body["status"], body["stages"]) == (200, "starting", ["gated", "scripted"])
    status, headers, body = get(address, "/health/ready")
    assert (status, body, headers["Retry-After"]) == (503, {"status": "starting"}, "1")
    thread, reports = session_in_thread(address)
    thread.join(0.3)
    assert thread.is_alive()

    (gate / "open").touch()

    thread.join(PATIENCE)
    assert reports == [[{"id": 0, "totalTimeMs": 1000}]]
    assert server.logged("serving on")
    assert get(address, "/health")[2]["status"] == "ok"
    status, headers, body = get(address, "/health/ready")
    assert (status, body, headers["Retry-After"]) == (200, {"status": "ok"}, None)


def test_a_server_with_tls_of_several_processes_holds_all_until_the_chain_is_loaded(start, gate, tls_files):
    cert, key, context = tls_files
    server, address = start("--workers", "2", "--tls-cert", cert, "--tls-key", key)
    raw = socket.create_connection(address.split(":"))
    (gate / "open").touch()
    with context.wrap_socket(raw, server_hostname="localhost") as client:
        client.sendall(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert b" 200 " in client.recv(1000)
    assert server.process.poll() is None


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_signal_while_the_chain_is_loaded_ends_the_server_at_once(start, workers):
    server, _ = start("--workers", workers)

    server.process.terminate()

    assert server.wait() == -signal.SIGTERM
    assert server.log == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_chain_that_cannot_be_loaded_turns_those_away_who_wait(start, gate, workers):
    server, address = start("--workers", workers)
    with socket.create_connection(address.split(":")) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        (gate / "broken").touch()

        assert b" 503 " in client.recv(1000)
    assert server.wait() == 1
    assert len(server.log) == 1
    assert "its gate is broken" in server.log[0]


def test_the_chain_is_loaded_once_for_all_processes(start, gate):
    server, _ = start("--workers", "2")
    (gate / "open").touch()

    assert server.url
    assert (gate / "loads").read_text() == f"{server.process.pid}\n"
    assert len(psutil.Process(server.process.pid).children()) == 2


def test_each_process_loads_the_chain_where_a_stage_has_started_a_thread(start, gate):
    (gate / "threaded").touch()
    (gate / "open").touch()
    server, address = start("--workers", "2")

    assert server.url
    assert "stages have started 1 threads" in server.logged("SPEAKER_TRACKER_PRELOAD").string
    assert len((gate / "loads").read_text().split()) == 3
    assert get(address, "/health")[2]["status"] == "ok"
