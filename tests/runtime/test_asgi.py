"""``speaker_tracker.asgi`` in processes of Hypercorn's own command and of uvicorn's; with the scripted chain."""

import re
import signal
import time

import numpy as np
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from speaker_tracker.engine.plugins import BUILTIN_PLUGINS
from speaker_tracker.server.signed_tokens import TokenSigner
from support.protocol_client import ProtocolClient

SECRET = "s" * 32
SECOND_OF_SPEAKER_0 = np.full(16_000, 1000, "<i2").tobytes()
HYPERCORN = pytest.param("hypercorn", (), id="hypercorn")
HYPERCORN_ALONE = pytest.param("hypercorn", ("--workers", "0"), id="hypercorn-in-one-process", marks=pytest.mark.e2e)
HYPERCORN_OF_2 = pytest.param("hypercorn", ("--workers", "2"), id="hypercorn-of-2")
UVICORN = pytest.param("uvicorn", (), id="uvicorn")
# Its master kills workers that do not answer for a while, as those that a test stops.
PATIENT = ("--workers", "2", "--timeout-worker-healthcheck", "60")
UVICORN_OF_2 = pytest.param("uvicorn", PATIENT, id="uvicorn-of-2", marks=pytest.mark.e2e)
SERVERS = [HYPERCORN, HYPERCORN_ALONE, HYPERCORN_OF_2, UVICORN, UVICORN_OF_2]

pytestmark = pytest.mark.usefixtures("scripted_chain")


def assert_session_works(url):
    with ProtocolClient(url) as client:
        client.start()
        client.connection.send(SECOND_OF_SPEAKER_0)
        assert client.report()["speakers"] == [{"id": 0, "totalTimeMs": 1000}]


def assert_no_complaints(process):
    assert not [line for line in process.log if re.search("WARNING|ERROR|Traceback|Exception", line)], process.log


def children_of(process):
    """Worker processes; multiprocessing's resource tracker is none of them."""
    children = psutil.Process(process.process.pid).children()
    return [child for child in children if "resource_tracker" not in " ".join(child.cmdline())]


# -- serving ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.e2e
@pytest.mark.parametrize(("server", "arguments"), SERVERS)
def test_the_whole_application_is_served_and_ends_in_order(start_asgi, server, arguments):
    process = start_asgi(server, arguments, max_sessions=7)

    assert process.health()[1]["max_sessions"] == 7
    assert [process.get(path)[0] for path in ("/", "/web/main.js", "/asyncapi.yaml", "/nothing")] == [200, 200, 200, 404]
    assert_session_works(process.url)

    process.process.terminate()
    assert process.wait() in (0, -signal.SIGTERM)  # uvicorn ends by the signal that it was sent
    process.logged(r"session [0-9a-f]+: ended \(closed with 1000\)")
    assert_no_complaints(process)


def test_hypercorn_takes_its_own_file_of_settings_and_the_application_its_own(start_asgi, tmp_path):
    (tmp_path / "hypercorn.toml").write_text('workers = 2\ngraceful_timeout = 25\nroot_path = "/voices"\n')
    (tmp_path / "settings.toml").write_text("max_sessions = 3\n")
    process = start_asgi(
        "hypercorn", ("--config", str(tmp_path / "hypercorn.toml")), config=str(tmp_path / "settings.toml"), path="/voices"
    )

    assert process.health()[1]["max_sessions"] == 3
    assert len(children_of(process)) == 2
    assert_session_works(process.url)


@pytest.mark.parametrize(("server", "arguments"), [HYPERCORN_OF_2, UVICORN_OF_2])
def test_a_token_for_one_session_opens_one_of_all_workers(start_asgi, server, arguments):
    process = start_asgi(server, arguments, token_secret=SECRET)
    token = TokenSigner([SECRET]).make(60, once=True)

    with connect(process.url, subprotocols=["bearer", token]) as client:
        assert client.subprotocol == "bearer"
    for _ in range(8):  # whichever worker it meets
        with pytest.raises(InvalidStatus) as refused:
            connect(process.url, subprotocols=["bearer", token])
        assert b"has been used" in refused.value.response.body


@pytest.mark.e2e
@pytest.mark.parametrize(("server", "arguments"), [HYPERCORN, UVICORN])
def test_access_is_checked_as_by_serve(start_asgi, server, arguments):
    process = start_asgi(server, arguments, tokens="sesame")

    with pytest.raises(InvalidStatus, match="401"):
        ProtocolClient(process.url)
    assert_session_works(f"{process.url}?token=sesame")


@pytest.mark.parametrize("option", ["create_app()", "create_app"])
def test_the_factory_makes_an_application_too(start_asgi, option):
    server, arguments = ("hypercorn", ()) if option.endswith(")") else ("uvicorn", ("--factory",))

    assert_session_works(start_asgi(server, arguments, app=f"speaker_tracker.asgi:{option}").url)


# -- the start -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("server", "arguments"), [HYPERCORN, HYPERCORN_ALONE, UVICORN])
@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"stage_options__scripted__broken": "at load"}, "'scripted' cannot be loaded: its weights are not there"),
        pytest.param({"max_sessions": "none"}, "SPEAKER_TRACKER_MAX_SESSIONS cannot be 'none'", marks=pytest.mark.e2e),
        pytest.param({"stages": "scriptet"}, "SPEAKER_TRACKER_STAGES names an unknown stage 'scriptet'", marks=pytest.mark.e2e),
    ],
)
def test_what_cannot_start_ends_the_server_with_one_sentence(start_asgi, server, arguments, settings, sentence):
    process = start_asgi(server, arguments, **settings)

    status = process.wait()
    assert status != 0 or (server, arguments) == ("hypercorn", ())  # whose master forgets how its one worker ended
    assert len([line for line in process.log if sentence in line]) == 1, process.log
    assert not [line for line in process.log if "Traceback" in line], process.log


def test_an_application_that_no_lifespan_starts_is_loaded_by_its_first_request(start_asgi):
    process = start_asgi("uvicorn", ("--lifespan", "off"))

    assert process.health()[0] == 200
    assert_session_works(process.url)
    process.logged("loaded at the first request")


@pytest.mark.e2e
def test_one_that_cannot_be_loaded_by_a_request_says_so_once_and_answers_503(start_asgi):
    process = start_asgi("uvicorn", ("--lifespan", "off"), stage_options__scripted__broken="at load")

    assert [process.get("/health")[0] for _ in range(2)] == [503, 503]
    with pytest.raises(InvalidStatus, match="503"):
        ProtocolClient(process.url)
    assert len([line for line in process.log if "its weights are not there" in line]) == 1
    assert not [line for line in process.log if "Traceback" in line], process.log


# -- the end ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("server", "arguments"), SERVERS)
def test_a_running_session_gets_its_report_when_the_server_ends(start_asgi, server, arguments):
    process = start_asgi(server, arguments)
    with ProtocolClient(process.url) as client:
        client.start()
        client.connection.send(SECOND_OF_SPEAKER_0)
        client.heard("speaker", more_than=1)
        process.process.terminate()
        assert client.heard("report")["speakers"] == [{"id": 0, "totalTimeMs": 1000}]
        assert client.close_code() == 1001
    assert process.wait() in (0, -signal.SIGTERM)
    assert_no_complaints(process)


def test_a_worker_that_alone_is_told_to_end_gives_its_sessions_their_report(start_asgi, closings):
    process = start_asgi("hypercorn")
    with ProtocolClient(process.url) as client:
        client.start()
        client.connection.send(SECOND_OF_SPEAKER_0)
        client.heard("speaker", more_than=1)
        (worker,) = children_of(process)
        worker.terminate()
        assert client.heard("report")["speakers"]
        assert client.close_code() == 1001
    process.wait()
    assert closings() == [worker.pid]


# -- observers -------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder for temporary files of the servers that the test starts."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def metrics(process):
    text = process.get("/metrics")[1].decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {sample.name.removeprefix("speaker_tracker_"): sample.value for sample in samples if not sample.labels}


def until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


@pytest.mark.parametrize(("server", "arguments"), [HYPERCORN_OF_2, UVICORN_OF_2])
def test_whichever_of_two_workers_is_asked_for_metrics_tells_the_sum(start_asgi, temporary, server, arguments):
    blocked = [name for name in BUILTIN_PLUGINS if name != "speaker_tracker_plugins.prometheus"]
    process = start_asgi(server, arguments, observers="prometheus", max_sessions=7, blocked_plugins=blocked)
    until(lambda: metrics(process)["sessions_limit"] == 14)  # both serve
    workers, answers = children_of(process), []
    for worker in workers:
        others = [other for other in workers if other is not worker]
        for other in others:
            other.suspend()
        assert_session_works(process.url)
        answers.append(metrics(process))
        for other in others:
            other.resume()

    assert [answer["sessions_opened_total"] for answer in answers] == [1, 2]
    process.process.terminate()
    process.wait()
    assert list(temporary.iterdir()) == []


@pytest.mark.e2e
def test_one_process_counts_in_memory(start_asgi, temporary):
    blocked = [name for name in BUILTIN_PLUGINS if name != "speaker_tracker_plugins.prometheus"]
    process = start_asgi("uvicorn", observers="prometheus", blocked_plugins=blocked)

    assert metrics(process)["process_cpu_seconds_total"] > 0
    assert list(temporary.iterdir()) == []
