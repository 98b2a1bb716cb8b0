"""What a server tells observers, and what it answers for them."""

import asyncio

import pytest
from websockets.exceptions import InvalidStatus

from speaker_tracker.engine.observers import ObserverConfigurationError
from support.recording_observer import RecordingObserver

SECOND = b"\0\0" * 16_000


@pytest.fixture
def observer():
    return RecordingObserver()


@pytest.fixture
def observed(serve, observer):
    """Starts servers with ``observer``."""
    return lambda **settings: serve(observers={"recording": observer}, **settings)


async def ended(server, observer, sessions=1):
    """Waits until so many sessions have ended."""
    await server.until(lambda: len(observer.of("session_ended")) == sessions)


# -- sessions --------------------------------------------------------------------------------------------------------------------


async def test_a_session_is_told_at_its_begin_and_its_end(observed, observer):
    server = observed()
    async with server.client() as client:
        await client.start()
        assert [name for name, _ in observer.told if name.startswith("session")] == ["session_opened"]
        await client.report()
    await ended(server, observer)
    assert len(observer.of("session_opened")) == 1
    assert observer.of("failed") == observer.of("refused") == []


async def test_a_client_that_leaves_ends_its_session(observed, observer):
    server = observed()
    async with server.client() as client:
        await client.start()
        client.connection.transport.abort()
    await ended(server, observer)


async def test_a_session_that_is_cut_off_at_the_end_of_the_server_is_told(observed, observer):
    server = observed(grace_seconds=60)
    async with server.client() as client:
        await client.start()
        server.stop.set()
        await client.expect(event="report")
    await ended(server, observer)


async def test_errors_are_told_by_their_code(observed, observer, probe):
    def fail(_stage, _data):
        raise RuntimeError("broken stage")

    probe.on_feed = fail
    server = observed()
    async with server.client() as client:
        await client.send(SECOND)
        await client.expect_error("not_started", 1008)
    async with server.client() as client:
        await client.start()
        await client.send(SECOND)
        await client.expect_error("stage_failed", 1011)
    async with observed(idle_timeout_seconds=0.3).client() as client:
        await client.start()
        await client.expect(event="report")
        await client.expect_error("idle_timeout", 1008)

    await ended(server, observer, sessions=3)
    assert observer.of("failed") == ["not_started", "stage_failed", "idle_timeout"]


# -- refusals --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "options", "reason"),
    [({"allowed_origins": []}, {"origin": "https://there.example"}, "origin"), ({"tokens": ["right"]}, {}, "token")],
)
async def test_refusals_at_the_handshake_are_told_by_their_reason(observed, observer, settings, options, reason):
    server = observed(**settings)
    with pytest.raises(InvalidStatus):
        async with server.client(**options):
            pass

    assert observer.of("refused") == [reason]
    assert observer.of("session_opened") == []


async def test_one_session_too_many_is_refused_and_neither_a_session_nor_an_error(observed, observer):
    server = observed(max_sessions=1)
    async with server.client() as first:
        await first.start()
        async with server.client() as second:
            await second.expect_error("server_busy", 1013)
        assert observer.of("refused") == ["server_busy"]
        assert len(observer.of("session_opened")) == 1
        assert observer.of("failed") == []


async def test_newcomers_during_a_shutdown_are_refused(observed, observer):
    server = observed()
    server.sessions.draining.set()
    async with server.client() as newcomer:
        await newcomer.expect_error("shutting_down", 1013)

    assert observer.of("refused") == ["shutting_down"]


# -- audio and stages ------------------------------------------------------------------------------------------------------------


async def test_audio_is_told_with_its_length_once_what_it_led_to_was_sent(observed, observer, probe):
    lags = []

    def note(_stage, _data):
        assert len(observer.of("audio_handled")) == len(lags)
        lags.append(asyncio.get_running_loop().time())

    probe.on_feed = note
    server = observed(cpu_heavy=False)
    async with server.client() as client:
        await client.start()
        for seconds in (1.0, 0.25):
            await client.send(SECOND[: int(seconds * len(SECOND))])
            await client.expect(event="speaker")
        await client.report()

    assert [seconds for seconds, _ in observer.of("audio_handled")] == [1.0, 0.25]
    assert all(0 < lag < 300 for _, lag in observer.of("audio_handled"))


async def test_the_lag_of_a_frame_holds_the_work_on_it(observed, observer, probe):
    def work(_stage, _data):
        begin = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() < begin + 0.05:
            pass

    probe.on_feed = work
    server = observed(cpu_heavy=False)
    async with server.client() as client:
        await client.start()
        await client.send(SECOND * 2)  # two steps
        await client.report()

    ((seconds, lag),) = observer.of("audio_handled")
    assert seconds == 2.0
    assert lag >= 0.1


async def test_a_frame_that_is_refused_is_no_audio(observed, observer):
    server = observed(max_frame_bytes=1000)
    async with server.client() as client:
        await client.start()
        await client.send(bytes(1000))
        await client.expect(event="speaker")
        await client.send(bytes(1002))
        await client.expect_error("frame_too_large", 1009)

    await ended(server, observer)
    assert [seconds for seconds, _ in observer.of("audio_handled")] == [1000 / 32_000]


@pytest.mark.parametrize("cpu_heavy", [True, False])
async def test_every_call_of_a_stage_is_told_with_its_time(observed, observer, cpu_heavy):
    server = observed(cpu_heavy=cpu_heavy)
    async with server.client() as client:
        await client.start()
        await client.send(SECOND * 3)
        await client.report()

    assert [stage for stage, _ in observer.of("stage_took")] == ["counting"] * 4  # three steps and the flush
    assert all(seconds >= 0 for _, seconds in observer.of("stage_took"))


async def test_totals_of_stages_are_told_again_and_again(observed, observer, monkeypatch):
    monkeypatch.setattr("speaker_tracker.server.app.COUNTERS_SECONDS", 0.01)
    totals = {"lost": 0}

    def counters():
        totals["lost"] += 1
        return dict(totals)

    server = observed(counters=counters)
    await server.until(lambda: len(observer.of("stage_counted")) >= 3)

    assert observer.of("stage_counted")[:3] == [("counting", "lost", number) for number in (1, 2, 3)]
    assert (await server.request("/health"))[1]["counters"]["counting"]["lost"] > 3


async def test_totals_that_fail_harm_neither_health_nor_later_ones(observed, observer, monkeypatch):
    monkeypatch.setattr("speaker_tracker.server.app.COUNTERS_SECONDS", 0.01)
    calls = []

    def counters():
        calls.append(1)
        if len(calls) < 3:
            raise OSError("no totals")
        return {"lost": len(calls)}

    server = observed(counters=counters)

    assert (await server.request("/health"))[0] == 200
    await server.until(lambda: observer.of("stage_counted"))


# -- endpoints -------------------------------------------------------------------------------------------------------------------


async def test_an_observer_s_path_is_answered_with_what_it_gives(serve):
    server = serve(observers={"recording": RecordingObserver("/figures", "/more/figures")}, tokens=["secret"])

    status, headers, body = await server.get("/figures", Accept="text/plain;version=1")
    assert (status, body) == (200, b"asked for text/plain;version=1")
    assert "content-type: text/strange" in headers
    assert (await server.get("/more/figures"))[2] == b"asked for "
    assert (await server.get("/other"))[0] == 404


async def test_an_observer_s_path_is_answered_during_a_shutdown(serve):
    server = serve(observers={"recording": RecordingObserver("/figures")})
    server.sessions.draining.set()

    assert (await server.get("/figures"))[0] == 200


@pytest.mark.parametrize("path", ["/health", "/ws/session"])
async def test_a_path_of_the_server_s_own_is_refused(serve, path):
    with pytest.raises(ObserverConfigurationError) as raised:
        serve(observers={"recording": RecordingObserver(path)})

    assert str(raised.value) == f"an observer cannot answer {path}, which the server does itself; give it another path"


@pytest.mark.parametrize("path", ["", "figures", "/figures?all", "/<name>", "/figures all", "//host\n"])
async def test_a_path_that_is_none_is_refused(serve, path):
    with pytest.raises(ObserverConfigurationError, match=r"an observer cannot answer .*; a path begins with a slash"):
        serve(observers={"recording": RecordingObserver(path)})


# -- failures and the end --------------------------------------------------------------------------------------------------------


async def test_an_observer_that_always_fails_harms_no_session(serve, caplog):
    broken = RecordingObserver("/figures")
    server = serve(observers={"broken": broken}, tokens=["right"])
    broken.broken = True
    with pytest.raises(InvalidStatus):
        async with server.client():
            pass
    for _ in range(2):
        async with server.client(query="?token=right") as client:
            await client.start()
            await client.send(SECOND)
            assert (await client.report())["speakers"] == [{"id": 0, "totalTimeMs": 1000}]
    await ended(server, broken, sessions=2)

    assert (await server.get("/figures"))[0] == 500
    assert (await server.request("/health"))[0] == 200
    failures = [record.getMessage() for record in caplog.records if "'broken' failed" in record.getMessage()]
    assert sorted(failures) == [
        f"observer 'broken' failed in {method}; that is logged once"
        for method in ("audio_handled", "refused", "session_ended", "session_opened", "stage_took")
    ]


async def test_a_server_that_is_observed_closes_in_order(observed, caplog):
    server = observed(grace_seconds=3600)
    await server.request("/health")
    server.stop.set()

    await asyncio.wait_for(server.serving, 60)

    with pytest.raises(RuntimeError, match="no more work"), server.shared.steps.lane() as lane:
        await lane.step(iter(()))
    assert not [task for task in asyncio.all_tasks() if "tell_counters" in repr(task)]
    assert caplog.records == []
