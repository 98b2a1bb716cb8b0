import pytest

from speaker_tracker.benchmark.clients import ClientFigures
from speaker_tracker.benchmark.delays import Percentiles
from speaker_tracker.benchmark.documents import load_document
from speaker_tracker.benchmark.measured_server import serving
from speaker_tracker.benchmark.steps import Goal, Live, LoadResult, Step, slope, stepped_up, told
from speaker_tracker.benchmark.usage import Memory, Usage


def step(sessions, p95, *, admitted=None, failures=(), memory=None):
    delays = Percentiles(p95 / 2, p95, p95, p95)
    admitted = sessions if admitted is None else admitted
    figures = ClientFigures(delays, None, admitted, sessions - admitted, failures, cpu_seconds=0.1, seconds=10.0)
    used = Usage(5.0, 1.0, {"vad": 2.0}, 10.0 * admitted, sessions, None if memory is None else Memory(2 * memory, memory))
    return Step(sessions, figures, used, 0.0)


def test_a_step_passes_if_all_its_sessions_are_served_in_time():
    assert step(8, 500).passed(500)
    assert not step(8, 501).passed(500)
    assert not step(8, 100, admitted=7).passed(500)
    assert not step(8, 100, failures=["lost"]).passed(500)


def test_the_capacity_is_the_most_below_the_first_failure():
    result = LoadResult(500, [step(8, 100), step(16, 200), step(32, 900), step(24, 400), step(28, 600)])
    assert result.capacity == 24
    assert LoadResult(500, [step(8, 600), step(4, 700)]).capacity is None
    assert LoadResult(500, [step(8, 600), step(16, 100)]).capacity is None  # of luck


def test_memory_of_a_further_session_is_the_slope():
    result = LoadResult(500, [step(8, 100, memory=108), step(16, 100, memory=116), step(32, 100, memory=132)])
    assert result.bytes_per_session == pytest.approx(1.0)
    assert LoadResult(500, [step(8, 100, memory=108)]).bytes_per_session is None
    assert LoadResult(500, [step(8, 100), step(16, 100)]).bytes_per_session is None
    assert slope([(0, 1), (2, 5), (4, 9)]) == pytest.approx(2.0)


def test_a_line_tells_how_a_step_went():
    assert told(step(8, 120), 500) == "8 sessions: p95 120 ms, within the target"
    refused = told(step(8, 620, admitted=5, failures=["it was lost"]), 500)
    assert refused == "8 sessions: p95 620 ms, 3 refused, 1 failed (it was lost), beyond the target"


def test_steps_of_a_real_server_cost_what_their_parts_cost(settings, sending):
    live = Live(num_speakers=2, frame_ms=100, seconds=1.5, warm_up=0.5, ramp=0.3)
    with serving(settings) as server:
        result = LoadResult(500, list(stepped_up(server, sending, live, Goal(500, 256), [1, 3])))
    document = load_document(result)
    assert [each["sessions"] for each in document["steps"]] == [1, 3]
    assert [each["admitted"] for each in document["steps"]] == [1, 3]
    for each in document["steps"]:
        assert each["cpuMs"] == pytest.approx(sum(each["stageCpuMs"].values()) + each["restCpuMs"], abs=0.01)
        assert each["audioSeconds"] == pytest.approx(1.5 * each["sessions"], rel=0.4)
        assert 0 < each["delayMs"]["p50"] <= each["delayMs"]["p95"] <= each["delayMs"]["most"]
        assert each["serverCores"] > 0
        assert each["otherCores"] >= 0


def test_the_search_ends_at_its_limit(settings, sending):
    live = Live(num_speakers=2, frame_ms=100, seconds=1.0, warm_up=0.2, ramp=0.2)
    with serving(settings) as server:
        steps = list(stepped_up(server, sending, live, Goal(target_ms=60_000, limit=2)))
    assert [each.sessions for each in steps] == [2]
    assert LoadResult(60_000, steps).capacity == 2
