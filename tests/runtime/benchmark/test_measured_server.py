import time

import psutil
import pytest

from speaker_tracker.benchmark.clients import Load
from speaker_tracker.benchmark.errors import BenchmarkError
from speaker_tracker.benchmark.live_session import Pace
from speaker_tracker.benchmark.measured_server import is_ready, server_environment, serving, status_of
from speaker_tracker.settings import load_settings


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_tells_what_all_its_processes_use(settings, sending, monkeypatch, workers):
    monkeypatch.setenv("SPEAKER_TRACKER_WORKERS", str(workers))
    with serving(load_settings()) as server:
        before = server.usage()
        assert before.sessions == 0
        sending.begin(Load(server.url, 4, 2, Pace(100), 0.2, 0.5, 1.5, 0))
        during = server.usage()
        sending.end()
        sending.leave()
        server.wait_until_empty()
        used = server.usage().since(before)
    assert during.sessions == 4
    assert used.sessions == 0
    assert used.audio_seconds == pytest.approx(4 * 2.0, rel=0.5)
    assert used.cpu_seconds > used.stages["scripted"] > 0
    assert used.memory.proportional > 20e6
    assert set(used.stages) == set(settings.stages)


def test_a_server_has_the_settings_of_the_environment_but_no_limit_of_sessions(settings, monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_MAX_SESSIONS", "1")
    monkeypatch.setenv("SPEAKER_TRACKER_TOKENS", "sesame")
    environment = server_environment(load_settings(), {"max_sessions": 10, "tokens": []})
    assert environment["SPEAKER_TRACKER_MAX_SESSIONS"] == "10"
    assert environment["SPEAKER_TRACKER_TOKENS"] == "[]"
    assert environment["SPEAKER_TRACKER_STAGES"] == '["scripted"]'
    assert settings.stages == ["scripted"]


def test_a_server_may_turn_sessions_away_as_it_is_set_to(settings, sending, monkeypatch):  # noqa: ARG001
    monkeypatch.setenv("SPEAKER_TRACKER_MAX_SESSIONS", "2")
    for admission, refused in ((True, 2), (False, 0)):
        with serving(load_settings(), admission=admission) as server:
            sending.begin(Load(server.url, 4, 2, Pace(100), 0.2, 0.1, 0.3, 0))
            assert sending.end().refused == refused
            sending.leave()


def test_options_of_the_environment_are_replaced_as_a_whole(settings, monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__SCRIPTED__HASTY", "true")
    environment = server_environment(settings, {"stage_options": {"marked_scripted": {"hasty": True}}})
    found = {name: value for name, value in environment.items() if "STAGE_OPTIONS" in name}
    assert found == {"SPEAKER_TRACKER_STAGE_OPTIONS": '{"marked_scripted": {"hasty": true}}'}


def test_tls_is_refused_in_one_sentence(settings, monkeypatch, tmp_path):  # noqa: ARG001
    monkeypatch.setenv("SPEAKER_TRACKER_TLS_CERT", str(tmp_path / "cert.pem"))
    with pytest.raises(BenchmarkError, match="TLS is not measured; unset SPEAKER_TRACKER_TLS_CERT"):
        server_environment(load_settings(), {})


def test_why_a_server_does_not_start_is_told(settings, monkeypatch):  # noqa: ARG001
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__SCRIPTED__BROKEN", "at load")
    with pytest.raises(BenchmarkError, match=r"the server did not start: .*its weights are not there"), serving(load_settings()):
        pass


def test_a_server_that_ends_meanwhile_is_told(settings):
    with serving(settings) as server:
        server.usage()
        for meter in server._meters.values():
            meter.close()
        with pytest.raises(BenchmarkError, match="the server has ended"):
            server.usage()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_ends_when_its_benchmark_is_gone(settings, monkeypatch, workers):  # noqa: ARG001
    monkeypatch.setenv("SPEAKER_TRACKER_WORKERS", str(workers))
    with serving(load_settings()) as server:
        process = psutil.Process(server.pid)
        for meter in server._meters.values():
            meter.close()
        process.wait(20)


def test_nobody_is_ready_where_nobody_listens():
    begin = time.monotonic()
    assert status_of(9, "/health") is None
    assert not is_ready(9)
    assert time.monotonic() - begin < 5
