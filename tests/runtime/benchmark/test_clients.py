"""Clients against real servers whose chain needs no model."""

import pytest

from speaker_tracker.benchmark.clients import Load
from speaker_tracker.benchmark.errors import BenchmarkError
from speaker_tracker.benchmark.live_session import Pace
from support.server_process import ServerProcess

LIVE = Pace(frame_ms=100)


def run(sending, load):
    sending.begin(load)
    figures = sending.end()
    sending.leave()
    return figures


def test_sessions_run_side_by_side_in_real_time(sending, scripted_server):
    figures = run(sending, Load(scripted_server.url, 3, 2, LIVE, ramp=0.5, warm_up=0.5, seconds=2.0, seed=0))
    assert (figures.admitted, figures.refused, figures.failures) == (3, 0, [])
    assert figures.seconds == pytest.approx(2.0, abs=0.5)
    assert 0 < figures.delays.p50 <= figures.delays.p95 <= figures.delays.p99 <= figures.delays.most
    assert figures.lateness.p50 >= 0
    assert figures.cpu_seconds > 0


def test_those_that_the_server_has_no_room_for_are_counted(sending, scripted_chain):  # noqa: ARG001
    server = ServerProcess(max_sessions=2)
    try:
        figures = run(sending, Load(server.url, 5, 2, LIVE, ramp=0.5, warm_up=0.1, seconds=1.0, seed=0))
    finally:
        server.end()
    assert (figures.admitted, figures.refused, figures.failures) == (2, 3, [])


def test_what_ends_a_session_is_told(sending, scripted_chain):  # noqa: ARG001
    server = ServerProcess(max_session_seconds=0.5)
    try:
        figures = run(sending, Load(server.url, 1, 2, LIVE, ramp=0.5, warm_up=0.1, seconds=1.5, seed=0))
    finally:
        server.end()
    assert figures.admitted == 0
    assert len(figures.failures) == 1
    assert figures.failures[0].startswith("session_too_long: this server takes at most 0.5 s")


def test_a_server_that_is_not_there_is_told(sending):
    figures = run(sending, Load("ws://127.0.0.1:9/ws/session", 1, 2, LIVE, ramp=0.5, warm_up=0.1, seconds=0.2, seed=0))
    assert figures.failures[0].startswith("no connection: ")
    assert figures.delays is None


def test_sessions_of_some_length_end_by_themselves(sending, scripted_server):
    pace = Pace(frame_ms=100, speed=20.0, frames=40, patient=True)
    figures = run(sending, Load(scripted_server.url, 2, 2, pace, ramp=0.0, warm_up=0.0, seconds=None, seed=0))
    assert (figures.admitted, figures.failures) == (2, [])


def test_a_process_of_clients_can_be_used_again(sending, scripted_server):
    load = Load(scripted_server.url, 1, 2, LIVE, ramp=0.5, warm_up=0.1, seconds=0.7, seed=0)
    assert [run(sending, load).admitted for _ in range(2)] == [1, 1]


def test_clients_that_have_ended_are_told(sending):
    sending._pipe.close()
    with pytest.raises(BenchmarkError, match="process of the clients has ended"):
        sending.begin(Load("ws://127.0.0.1:9/ws/session", 1, 2, LIVE, 0.0, 0.1, 0.2, 0))
