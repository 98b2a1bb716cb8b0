"""``speaker-tracker serve`` as a process that is observed: the folder of several processes, metrics, refusals to start."""

import json
import os
import re
import signal
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from itertools import pairwise

import numpy as np
import psutil
import pytest
from hypercorn.config import Sockets
from prometheus_client.parser import text_string_to_metric_families
from websockets.sync.client import connect

from speaker_tracker.engine.plugins import BUILTIN_PLUGINS
from speaker_tracker.server.binding import ServeError
from speaker_tracker.server.supervisor import Supervisor
from speaker_tracker.settings import load_settings
from support.protocol_client import ProtocolClient

SECOND_OF_SPEAKER_0 = np.full(16_000, 1000, "<i2").tobytes()
PATIENCE = 60

NOTING_PLUGIN = """
import os

from speaker_tracker import hookimpl
from speaker_tracker.observer import HttpAnswer, Observer, ObserverLoadError, ObserverOptions, ObserverSpec


class NotingOptions(ObserverOptions):
    path: str = "/folder"
    broken: bool = False


class Noting(Observer):
    def __init__(self, options):
        self.options = options

    def started(self, process):
        self.folder = process.shared_folder
        if self.folder is not None:
            (self.folder / str(os.getpid())).write_text(",".join(process.stages))

    def endpoints(self):
        return {self.options.path: self.answer}

    async def answer(self, accept):
        return HttpAnswer("text/plain", str(self.folder).encode())

    def close(self):
        print_last = self.folder is None or self.folder.is_dir()
        os.write(2, f"noting closed in time: {print_last}\\n".encode())


def load(options):
    if options.broken:
        raise ObserverLoadError("its notebook is full")
    return Noting(options)


@hookimpl
def speaker_tracker_observers():
    return [ObserverSpec(name="noting", summary="", options=NotingOptions, load=load)]
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder for temporary files of the servers that the test starts."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def start(scripted_chain, site, temporary, start_server, monkeypatch):  # noqa: ARG001 - fixtures that set the scene
    """Starts servers with the scripted chain, where ``noting`` and ``prometheus`` are on offer."""
    site.install("noting_plugin", NOTING_PLUGIN, distribution="noting-dist", entry_points={"noting-plugin": "noting_plugin"})
    blocked = [name for name in BUILTIN_PLUGINS if name != "speaker_tracker_plugins.prometheus"]
    monkeypatch.setenv("SPEAKER_TRACKER_BLOCKED_PLUGINS", json.dumps(blocked))
    return start_server


def get(server, path, **headers):
    address = server.url.replace("ws", "http", 1).removesuffix("/ws/session") + path
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=PATIENCE) as response:
        return response.read().decode()


def until(condition):
    """Waits for what must come to be true."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def workers_of(server):
    """Its worker processes; multiprocessing's resource tracker is none of them."""
    children = psutil.Process(server.process.pid).children()
    return [child for child in children if "resource_tracker" not in " ".join(child.cmdline())]


# -- the shared folder -----------------------------------------------------------------------------------------------------------


def test_one_process_shares_no_folder(start, temporary):
    server = start(observers="noting")

    assert get(server, "/folder") == "None"
    assert list(temporary.iterdir()) == []
    server.process.terminate()
    assert server.wait() == 0
    server.logged("noting closed in time: True")


def test_several_processes_share_a_folder_until_the_last_has_ended(start, temporary):
    server = start("--workers", "2", observers="noting")
    assert server.url
    (folder,) = temporary.iterdir()

    assert get(server, "/folder") == str(folder)
    assert {note.name: note.read_text() for note in folder.iterdir()} == {str(w.pid): "scripted" for w in workers_of(server)}
    server.process.terminate()
    assert server.wait() == 0
    server.logged("noting closed in time: True", times=2)
    assert list(temporary.iterdir()) == []


def test_several_processes_have_a_folder_while_they_run_for_the_sessions_that_they_keep(start, temporary):
    server = start("--workers", "2")
    assert server.url
    assert len(list(temporary.iterdir())) == 1
    server.process.terminate()
    assert server.wait() == 0
    assert list(temporary.iterdir()) == []


def test_several_processes_that_nobody_observes_and_that_keep_nothing_need_no_folder(start, temporary):
    server = start("--workers", "2", resume_store="off")

    assert server.url
    assert list(temporary.iterdir()) == []


def test_several_processes_serve_without_a_folder_and_say_what_that_means(monkeypatch, caplog):
    def no_room(*_arguments, **_options):
        raise OSError("no usable temporary directory")

    monkeypatch.setattr("speaker_tracker.server.supervisor.TemporaryDirectory", no_room)
    supervisor = Supervisor(load_settings(workers=2), Sockets([], [], []))
    with ExitStack() as at_the_end:
        supervisor._share_a_folder(at_the_end)
    assert "only where chance brings its client to the process it was in" in caplog.text

    watched = Supervisor(load_settings(workers=2, observers=["prometheus"]), Sockets([], [], []))
    with ExitStack() as at_the_end, pytest.raises(ServeError, match="set TMPDIR"):
        watched._share_a_folder(at_the_end)


def test_the_folder_is_gone_when_a_worker_cannot_start(start, temporary):
    server = start("--workers", "2", observers="noting", stage_options__scripted__broken="at load")

    assert server.wait() == 1
    assert list(temporary.iterdir()) == []


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
    flow = {"consumes": frozenset({PcmReceived}), "produces": frozenset({ClientMessage})}
    load = lambda options: LoadedStage(open=lambda session: Stuck())
    return [StageSpec(name="stuck", summary="Never returns", load=load, cpu_heavy=True, **flow)]
"""


def test_the_folder_is_gone_after_a_second_signal_too(start, site, temporary):
    site.install("stuck_plugin", STUCK_PLUGIN, distribution="stuck-dist", entry_points={"stuck-plugin": "stuck_plugin"})
    server = start("--workers", "2", observers="prometheus", stages="stuck", grace_seconds="3600")
    with ProtocolClient(server.url, close_timeout=1) as client:
        client.start()
        client.connection.send(SECOND_OF_SPEAKER_0)
        server.logged("stuck now")
        server.process.terminate()
        server.logged("shutting down")
        server.process.terminate()
        assert server.wait() == -signal.SIGTERM
    assert list(temporary.iterdir()) == []


# -- refusals --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"observers": "notting"}, "SPEAKER_TRACKER_OBSERVERS names an unknown observer 'notting'"),
        ({"observer_options__noting__paht": "/x"}, "observer 'noting' has no option 'paht'"),
        ({"observers": "noting", "observer_options__noting__broken": "true"}, "'noting' cannot be loaded: its notebook is full"),
        ({"observers": "noting", "observer_options__noting__path": "/health"}, "an observer cannot answer /health"),
        (
            {"observers": "noting,prometheus", "observer_options__noting__path": "/metrics"},
            "observers 'noting' and 'prometheus' both answer /metrics",
        ),
    ],
)
def test_an_observer_that_cannot_work_is_told_in_one_sentence(start, temporary, workers, settings, wanted):
    server = start("--workers", workers, **settings)

    assert server.wait() == 1
    assert len(server.log) == 1, server.log
    assert wanted in server.log[0]
    assert list(temporary.iterdir()) == []


def test_an_observer_is_loaded_before_the_chain_which_takes_longer(start):
    server = start(observers="noting", observer_options__noting__broken="true", stage_options__scripted__broken="at load")

    assert server.wait() == 1
    assert "notebook is full" in server.log[0]


# -- metrics ---------------------------------------------------------------------------------------------------------------------


def metrics(server):
    """Values of a scrape, by name and, where there are any, labels."""
    text = get(server, "/metrics")
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    values = {(sample.name.removeprefix("speaker_tracker_"), *sample.labels.values()): sample.value for sample in samples}
    assert len(values) == len(samples), text
    return {name[0] if len(name) == 1 else name: value for name, value in values.items()}


def stream_a_second(client, *, times=1):
    for number in range(times):
        client.connection.send(SECOND_OF_SPEAKER_0)
        client.heard("speaker", more_than=2 * number + 1)


def until_counted(server, seconds):
    """Waits until so many seconds of audio, one a frame, are in the metrics; clients hear what came of a frame before that."""
    until(lambda: metrics(server)["lag_seconds_count"] == seconds)


def test_one_process_tells_its_sessions_audio_lag_stages_and_itself(start, temporary):
    server = start(observers="prometheus", tokens="sesame")
    with ProtocolClient(f"{server.url}?token=sesame") as client:
        client.start()
        stream_a_second(client, times=3)
        during = metrics(server)
        client.report()
    until(lambda: metrics(server)["sessions"] == 0)
    after = metrics(server)

    assert (during["sessions"], during["sessions_limit"], during["sessions_opened_total"]) == (1, 200, 1)
    assert after["audio_seconds_total"] == after["lag_seconds_count"] == 3
    assert after["lag_seconds_sum"] > 0
    assert after["stage_calls_total", "scripted"] == 4  # three frames and the end
    assert after["stage_seconds_total", "scripted"] > 0
    assert after["process_cpu_seconds_total"] > 0
    assert after["refusals_total", "token"] == 0
    with pytest.raises(Exception, match="401"), connect(server.url):
        pass
    assert metrics(server)["refusals_total", "token"] == 1
    assert list(temporary.iterdir()) == []


def test_one_process_writes_no_files_whatever_the_environment_says(start, temporary, monkeypatch):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(temporary))
    server = start(observers="prometheus")

    assert metrics(server)["sessions"] == 0
    assert list(temporary.iterdir()) == []


@contextmanager
def others_stopped(server, worker):
    """Meanwhile ``worker`` alone accepts connections."""
    others = [other for other in workers_of(server) if other.pid != worker.pid]
    for other in others:
        other.suspend()
    try:
        yield
    finally:
        for other in others:
            other.resume()


def answered_by_each(server):
    """A scrape of every worker."""
    answers = []
    for worker in workers_of(server):
        with others_stopped(server, worker):
            answers.append(metrics(server))
    return answers


@pytest.fixture
def two_workers(start):
    """A server of two workers, and a client with a session of each that has sent a second of audio."""
    server = start("--workers", "2", observers="prometheus", max_sessions="7")
    assert server.url
    clients = []
    try:
        for worker in workers_of(server):
            with others_stopped(server, worker):
                clients.append(ProtocolClient(server.url))
                clients[-1].start()
                stream_a_second(clients[-1])
                until_counted(server, len(clients))
        yield server, clients
    finally:
        for client in clients:
            client.__exit__()


def test_whichever_of_two_workers_is_asked_tells_the_sum(two_workers):
    server, clients = two_workers
    first, second = answered_by_each(server)

    assert first == second
    assert (first["sessions"], first["sessions_limit"], first["sessions_opened_total"]) == (2, 7, 2)
    assert first["audio_seconds_total"] == first["lag_seconds_count"] == first["lag_seconds_bucket", "+Inf"] == 2
    assert first["stage_calls_total", "scripted"] == 2
    assert [value for name, value in first.items() if name[0] == "build_info"] == [1]
    assert not [name for name in first if str(name).startswith("process_")]

    clients[0].report()
    until(lambda: [values["sessions"] for values in answered_by_each(server)] == [1, 1])
    assert {values["sessions_opened_total"] for values in answered_by_each(server)} == {2}


@pytest.mark.slow
def test_sessions_of_a_killed_worker_are_open_no_more_and_what_it_counted_stays(two_workers):
    server, _ = two_workers
    os.kill(workers_of(server)[0].pid, signal.SIGKILL)

    until(lambda: metrics(server)["sessions"] == 1)
    server.logged("the new worker is ready")
    until(lambda: metrics(server)["sessions_limit"] == 7)
    first, second = answered_by_each(server)
    assert first == second
    assert (first["sessions"], first["sessions_opened_total"], first["audio_seconds_total"]) == (1, 2, 2)


@pytest.mark.slow
def test_workers_that_are_killed_again_and_again_cost_neither_counts_nor_files(start, temporary):
    server = start("--workers", "2", observers="prometheus")
    assert server.url
    (folder,) = temporary.iterdir()
    files = sorted(file.name for file in folder.iterdir())
    told = []
    for round_number in range(1, 5):
        victim = workers_of(server)[round_number % 2]
        with others_stopped(server, victim):
            client = ProtocolClient(server.url)
            client.start()
            stream_a_second(client)
            until_counted(server, round_number)
        told.append(metrics(server))
        os.kill(victim.pid, signal.SIGKILL)
        client.__exit__()
        until(lambda: metrics(server)["sessions"] == 0)
        told.append(metrics(server))
        server.logged("the new worker is ready", times=round_number)
        told.append(metrics(server))

        assert told[-1]["sessions"] == 0
        assert told[-1]["sessions_limit"] == 200
        assert told[-1]["sessions_opened_total"] == told[-1]["audio_seconds_total"] == told[-1]["lag_seconds_count"] == round_number
        assert sorted(file.name for file in folder.iterdir()) == files
    counted = [name for name in told[0] if re.search("_(total|count|sum|bucket)$", name if isinstance(name, str) else name[0])]
    assert len(counted) > 20
    for before, after in pairwise(told):
        assert [name for name in counted if after[name] < before[name]] == []


def test_metrics_of_two_workers_leave_no_files_behind(two_workers, temporary):
    server, clients = two_workers
    assert [list(folder.glob("*.db")) != [] for folder in temporary.iterdir()] == [True]
    for client in clients:
        client.report()

    server.process.terminate()

    assert server.wait() == 0
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_observed_server_ends_in_order_and_at_once(start, workers):
    server = start("--workers", workers, observers="prometheus", grace_seconds="3600")
    assert metrics(server)["sessions"] == 0

    server.process.terminate()

    assert server.wait() == 0
    assert not [line for line in server.log if "ERROR" in line or "WARNING" in line or "Traceback" in line], server.log
