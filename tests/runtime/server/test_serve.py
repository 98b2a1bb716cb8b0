"""``speaker-tracker serve`` as a process: how it starts, refuses to start, ends, and keeps its workers; with the scripted chain."""

import json
import os
import signal
import socket
import subprocess

import numpy as np
import psutil
import pytest
from websockets.sync.client import connect

pytestmark = pytest.mark.usefixtures("scripted_chain")

SECOND_OF_SPEAKER_0 = np.full(16_000, 1000, "<i2").tobytes()


def start(client):
    client.send('{"action": "start"}')
    assert json.loads(client.recv(30))["event"] == "started"


def hear_until(client, event):
    while (message := json.loads(client.recv(30)))["event"] != event:
        pass
    return message


def assert_closed(client, code):
    with pytest.raises(Exception, match=str(code)):
        client.recv(30)


def assert_session_works(url, **options):
    with connect(url, **options) as client:
        start(client)
        client.send(SECOND_OF_SPEAKER_0)
        client.send('{"action": "stop"}')
        assert hear_until(client, "report")["speakers"] == [{"id": 0, "totalTimeMs": 1000}]


def assert_refuses_to_start(server, *words):
    """It ends with status 1 and one line that holds all ``words``."""
    assert server.wait() == 1
    assert len(server.log) == 1, server.log
    for word in words:
        assert word in server.log[0]


# -- start -----------------------------------------------------------------------------------------------------------------------


def test_it_says_where_it_serves_and_with_what(start_server):
    server = start_server()

    assert "stages scripted" in server.logged("serving on ").string
    assert server.health()[1]["stages"] == ["scripted"]
    assert_session_works(server.url)


def test_each_session_is_logged_at_its_start_and_end_without_samples(start_server):
    server = start_server()
    assert_session_works(server.url)

    server.logged(r"session [0-9a-f]+: opened")
    server.logged(r"session [0-9a-f]+: ended \(closed with 1000\) after 1\.0 s of audio")


def test_options_go_before_the_environment(start_server):
    server = start_server("--log-level", "error", log_level="info", port="1")
    # With --log-level error nothing is logged at the start, so the port is found among the process's sockets.
    process = psutil.Process(server.process.pid)
    while not (listening := [c for c in process.net_connections("tcp") if c.status == psutil.CONN_LISTEN]):
        assert server.process.poll() is None
    assert listening[0].laddr.port != 1
    assert server.log == []


def test_settings_may_come_from_a_file(start_server, tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text("max_sessions = 3\n")

    assert start_server("--config", str(file)).health()[1]["max_sessions"] == 3


def test_access_log_of_debug_level_keeps_tokens_to_itself(start_server):
    server = start_server("--log-level", "debug", tokens=["sesame"])
    assert_session_works(f"{server.url}?token=sesame")

    server.logged("GET /ws/session.* 101")
    assert not [line for line in server.log if "sesame" in line]


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
def test_ipv6_address_is_served(start_server):
    server = start_server("--host", "::1")

    assert server.url.startswith("ws://[::1]:")
    assert_session_works(server.url)


def test_tls_is_served_with_the_files_given(start_server, tls_files):
    cert, key, context = tls_files
    server = start_server("--tls-cert", cert, "--tls-key", key)

    assert server.url.startswith("wss://")
    assert_session_works(server.url, ssl=context)
    assert server.health(context=context)[0] == 200


# -- refusals --------------------------------------------------------------------------------------------------------------------


def test_port_in_use_is_told_in_one_sentence(start_server):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert_refuses_to_start(start_server("--port", str(port)), f"127.0.0.1:{port}", "in use", "SPEAKER_TRACKER_PORT")


def test_port_of_another_server_is_in_use_however_many_workers(start_server):
    first = start_server("--workers", "2")
    port = first.url.split(":")[2].split("/")[0]

    assert_refuses_to_start(start_server("--workers", "2", "--port", port), "in use")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"max_sessions": "none"}, ["MAX_SESSIONS"]),
        ({"prot": "1"}, ["SPEAKER_TRACKER_PROT"]),
        ({"stages": ["scripted", "scriptet"]}, ["scriptet", "scripted"]),
        ({"stage_options__scripted__broken": "at load"}, ["'scripted' cannot be loaded", "weights are not there"]),
        ({"host": "no.such.host.invalid"}, ["no.such.host.invalid", "SPEAKER_TRACKER_HOST"]),
    ],
)
def test_wrong_settings_are_told_in_one_sentence(start_server, settings, words):
    assert_refuses_to_start(start_server(**settings), *words)


def test_chain_that_no_worker_can_load_is_told_in_one_sentence(start_server):
    server = start_server("--workers", "2", stage_options__scripted__broken="at load")

    assert_refuses_to_start(server, "'scripted' cannot be loaded", "weights are not there")


def test_tls_needs_both_files(start_server, tls_files):
    assert_refuses_to_start(start_server("--tls-cert", tls_files[0]), "SPEAKER_TRACKER_TLS_KEY")


def test_unreadable_tls_file_is_named(start_server, tls_files):
    assert_refuses_to_start(start_server("--tls-cert", tls_files[0], "--tls-key", "/none/key.pem"), "/none/key.pem", "No such file")


def test_tls_files_that_are_none_are_named(start_server, tls_files, tmp_path):
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("rubbish")

    assert_refuses_to_start(start_server("--tls-cert", tls_files[0], "--tls-key", str(rubbish)), "rubbish.pem", "PEM")


def test_tls_key_with_a_password_is_refused_and_not_asked_for(start_server, tls_files, tmp_path):
    locked = tmp_path / "locked.pem"
    subprocess.run(["openssl", "ec", "-in", tls_files[1], "-aes256", "-passout", "pass:x1y2", "-out", locked], check=True)

    assert_refuses_to_start(start_server("--tls-cert", tls_files[0], "--tls-key", str(locked)), "locked.pem", "password")


def test_wrong_option_is_wrong_usage(start_server):
    assert start_server("--workers", "0").wait() == 2


# -- the end ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_signal_gives_running_sessions_their_report_and_ends_with_status_0(start_server, number, workers):
    server = start_server("--workers", workers)
    with connect(server.url) as client:
        start(client)
        client.send(SECOND_OF_SPEAKER_0)
        hear_until(client, "speaker")
        server.process.send_signal(number)
        assert hear_until(client, "report")["speakers"] == [{"id": 0, "totalTimeMs": 1000}]
        assert_closed(client, 1001)
    assert server.wait() == 0


def test_idle_server_ends_at_once_on_a_signal(start_server):
    server = start_server(grace_seconds="3600")
    assert server.url
    server.process.terminate()
    assert server.wait() == 0


STUCK_PLUGIN = """
import logging
import threading

from speaker_tracker import hookimpl
from speaker_tracker.events import ClientMessage, PcmReceived
from speaker_tracker.stage import LoadedStage, StageSpec, StatelessStage


class Stuck(StatelessStage):
    def feed(self, event):
        logging.getLogger("speaker_tracker.stuck").info("stuck now")
        threading.Event().wait()


@hookimpl
def speaker_tracker_stages():
    return [
        StageSpec(
            name="stuck",
            summary="Never returns",
            consumes=frozenset({PcmReceived}),
            produces=frozenset({ClientMessage}),
            load=lambda options: LoadedStage(open=lambda session: Stuck()),
            cpu_heavy=True,
        )
    ]
"""


@pytest.fixture
def stuck_stage(site):
    """A stage that never returns, on offer as ``stuck``."""
    site.install("stuck_plugin", STUCK_PLUGIN, distribution="stuck-dist", entry_points={"stuck-plugin": "stuck_plugin"})


@pytest.mark.usefixtures("stuck_stage")
def test_stage_that_never_returns_does_not_keep_the_server_alive(start_server):
    server = start_server(grace_seconds="0.1", stages=["stuck"])
    with connect(server.url, close_timeout=1) as client:
        start(client)
        client.send(SECOND_OF_SPEAKER_0)
        server.logged("stuck now")
        server.process.terminate()
        assert server.wait() == 0
    server.logged("has not returned")


@pytest.mark.usefixtures("stuck_stage")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_second_signal_ends_all_processes_at_once(start_server, workers):
    server = start_server("--workers", workers, grace_seconds="3600", stages=["stuck"])
    assert server.url
    members = [psutil.Process(server.process.pid), *psutil.Process(server.process.pid).children(recursive=True)]
    with connect(server.url, close_timeout=1) as client:
        start(client)
        client.send(SECOND_OF_SPEAKER_0)
        server.logged("stuck now")
        server.process.terminate()
        server.logged("shutting down")
        server.process.terminate()
        assert server.wait() == -signal.SIGTERM
    psutil.wait_procs(members, timeout=60)
    assert not [member for member in members if member.is_running() and member.status() != psutil.STATUS_ZOMBIE]


# -- workers ---------------------------------------------------------------------------------------------------------------------


def workers_of(server):
    """Its worker processes; multiprocessing's resource tracker is none of them."""
    children = psutil.Process(server.process.pid).children()
    return [child for child in children if "resource_tracker" not in " ".join(child.cmdline())]


@pytest.mark.slow
def test_crashed_worker_is_replaced(start_server):
    server = start_server("--workers", "2")
    assert server.url
    victim = workers_of(server)[0]

    os.kill(victim.pid, signal.SIGKILL)

    server.logged(f"worker {victim.pid} ended with status -9; another starts in 0.5 s")
    server.logged("new worker is ready")
    assert len(workers_of(server)) == 2
    assert_session_works(server.url)
    server.process.terminate()
    assert server.wait() == 0


def test_workers_end_when_their_supervisor_is_killed(start_server):
    server = start_server("--workers", "2")
    assert server.url
    workers = workers_of(server)

    server.process.kill()

    _, alive = psutil.wait_procs(workers, timeout=60)
    assert not alive
