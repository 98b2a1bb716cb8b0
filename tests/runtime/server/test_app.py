"""What a client meets at the door: /health, the handshake, the limit of sessions."""

import json

import pytest
from websockets.exceptions import InvalidStatus

from speaker_tracker import __version__
from speaker_tracker.server.overload import MIN_SAMPLES
from support.recording_observer import RecordingObserver


async def test_health_tells_version_sessions_stages_and_models(serve):
    server = serve(max_sessions=7)

    status, body = await server.request("/health")

    assert status == 200
    assert body == {
        "status": "ok",
        "version": __version__,
        "sessions": 0,
        "max_sessions": 7,
        "stages": ["counting"],
        "models": {"counting": {"model": "none"}},
    }


async def test_a_server_is_ready_until_it_is_about_to_end(serve):
    server = serve()
    assert await server.request("/health/ready") == (200, {"status": "ok"})

    server.sessions.draining.set()

    status, headers, body = await server.get("/health/ready")
    assert (status, json.loads(body)) == (503, {"status": "draining"})
    assert "retry-after: 1" in headers
    assert (await server.request("/health"))[0] == 503


async def test_a_server_whose_answers_come_late_takes_no_session_and_says_so(serve):
    observer = RecordingObserver()
    server = serve(max_lag_ms=100, observers={"recording": observer})
    async with server.client() as first:
        await first.start()
        for _ in range(MIN_SAMPLES):
            server.shared.overload.note(0.5)
        async with server.client() as second:
            assert "at its limit" in await second.expect_error("server_busy", 1013)
        assert len(server.sessions) == 1
        assert observer.of("refused") == ["server_busy"]
        await first.report()


async def test_health_counts_open_sessions(serve):
    server = serve()
    async with server.client() as one, server.client() as two, server.client():
        await one.start()
        await two.start()
        await server.until(lambda: len(server.sessions) == 2)
        assert (await server.request("/health"))[1]["sessions"] == 2
    await server.until(lambda: len(server.sessions) == 0)


async def test_plain_request_for_session_is_told_to_upgrade(serve):
    status, body = await serve().request("/ws/session")

    assert status == 426
    assert "WebSocket" in body["message"]


async def refused(server, **options):
    with pytest.raises(InvalidStatus) as caught:
        async with server.client(**options):
            pass
    return caught.value.response


async def test_foreign_origin_is_refused_with_a_sentence(serve):
    response = await refused(serve(allowed_origins=["https://here.example"]), origin="https://there.example")

    assert response.status_code == 403
    assert b"https://there.example" in response.body


@pytest.mark.parametrize("origin", ["https://here.example", None])
async def test_allowed_origin_and_programs_without_origin_are_let_in(serve, origin):
    async with serve(allowed_origins=["https://here.example/"]).client(origin=origin) as client:
        await client.start()


@pytest.mark.parametrize(
    "options",
    [{}, {"query": "?token=wrong"}, {"additional_headers": {"Authorization": "Bearer wrong"}}, {"query": "?token="}],
)
async def test_client_without_valid_token_is_refused_with_a_sentence(serve, options):
    response = await refused(serve(tokens=["right", "other"]), **options)

    assert response.status_code == 401
    assert b"token" in response.body
    assert b"right" not in response.body


@pytest.mark.parametrize("options", [{"query": "?token=right"}, {"additional_headers": {"Authorization": "bearer other"}}])
async def test_client_with_valid_token_is_let_in(serve, options):
    async with serve(tokens=["right", "other"]).client(**options) as client:
        await client.start()


async def test_one_session_too_many_is_told_to_come_back_and_others_go_on(serve):
    server = serve(max_sessions=1)
    async with server.client() as first:
        await first.start()
        async with server.client() as second:
            assert "1 sessions" in await second.expect_error("server_busy", 1013)
        await first.send(b"\0\0" * 160)
        await first.expect(event="speaker")
    await server.until(lambda: len(server.sessions) == 0)
    async with server.client() as third:
        await third.start()


async def test_bad_handshake_is_answered_and_the_connection_closed(serve):
    reply = await serve().raw_exchange(b"GET /ws/session HTTP/1.1\r\nHost: t\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")

    assert b" 400 " in reply


async def test_client_that_speaks_before_the_handshake_is_over_is_turned_down(serve):
    server = serve()
    reply = await server.raw_exchange(
        b"GET /ws/session HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n" + bytes(100)
    )

    assert b" 400 " in reply
    assert len(server.sessions) == 0


async def test_unknown_path_is_not_found(serve):
    server = serve()
    server.url = server.url.replace("/ws/session", "/ws/other")

    assert (await refused(server)).status_code == 404
