"""A server with the default chain from its start to its end: signals, several workers, TLS, access."""

import signal
from collections import Counter

import psutil
import pytest

pytestmark = pytest.mark.e2e


def test_sigterm_in_the_middle_of_a_conversation_gives_the_report_so_far(connect, start_server, pcm):
    server = start_server()
    with connect(server.url) as client:
        client.start()
        client.stream(pcm[: 32_000 * 10])
        client.heard("speaker", more_than=18)  # of 20: nearly all audio has been taken in
        server.process.send_signal(signal.SIGTERM)
        assert client.heard("report")["speakers"]
        assert client.close_code() == 1001
    assert server.wait() == 0


def test_two_workers_share_the_port_and_both_serve(connect, start_server, pcm):
    server = start_server("--workers", "2")
    clients = [connect(server.url) for _ in range(4)]
    for client in clients:
        client.start()
        client.stream(pcm[: 32_000 * 4])
    reports = [client.report() for client in clients]

    assert all(report == reports[0] for report in reports)
    serving = Counter(line.split("[")[1].split("]")[0] for line in server.log if "opened" in line)
    assert sorted(serving.values()) == [2, 2]
    workers = psutil.Process(server.process.pid).children()
    server.process.terminate()
    assert server.wait() == 0
    assert not [worker for worker in workers if worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE]


def test_session_over_tls_with_a_token(connect, start_server, tls_files, pcm):
    cert, key, context = tls_files
    server = start_server("--tls-cert", cert, "--tls-key", key, tokens=["secret"])

    with connect(f"{server.url}?token=secret", ssl=context) as client:
        client.start()
        client.stream(pcm[: 32_000 * 8])
        assert client.report()["speakers"]
    assert not [line for line in server.log if "secret" in line]


def test_health_and_log_say_which_model_is_in_use(server):
    models = server.health()[1]["models"]

    assert models["speechbrain_embedding"]["model"] in server.logged("serving on").string
