"""The client of programs, where there is no session for it yet."""

import asyncio
import json
import urllib.request
from http import HTTPStatus

import pytest

from speaker_tracker.client import (
    AccessRefused,
    CannotConnect,
    ConnectionLost,
    Disconnected,
    Reconnected,
    Report,
    ServerBusy,
    ServerUnavailable,
    TrackerClient,
)
from speaker_tracker.protocol import ErrorCode
from support.client_harness import PATIENCE, PATIENT, REPORT, STARTED, kill, level, of, until


async def test_a_server_that_is_not_there_yet_is_waited_for(place, caplog):
    entering = asyncio.create_task(TrackerClient(place.url, reconnect=PATIENT).__aenter__())
    await asyncio.sleep(0.2)
    assert not entering.done()
    await place.start()
    client = await entering
    async with asyncio.timeout(PATIENCE):
        report = await client.stream([level(0)])
    await client.__aexit__(None, None, None)
    assert report.complete
    assert "connection refused; is the server running?; trying again in 0." in caplog.text


@pytest.mark.slow
async def test_a_first_session_that_is_not_waited_for_fails_at_once_and_a_later_one_is(place):
    with pytest.raises(CannotConnect, match="connection refused"):
        await TrackerClient(place.url, reconnect=PATIENT, wait_for_server=False).__aenter__()
    server = await place.start()
    async with TrackerClient(place.url, reconnect=PATIENT, wait_for_server=False) as client:
        await kill(server)
        await until(client, of(Disconnected))
        await place.start()
        await until(client, of(Reconnected))
        await client.stop()


async def test_a_busy_server_is_told_by_its_code_or_waited_for(place):
    server = await place.start(max_sessions=1)
    async with TrackerClient(place.url) as first:
        with pytest.raises(ServerBusy, match="all 1 sessions of this server are taken") as raised:
            await TrackerClient(place.url, reconnect=None).__aenter__()
        assert raised.value.code is ErrorCode.SERVER_BUSY

        second = TrackerClient(place.url, reconnect=PATIENT)
        entering = asyncio.create_task(second.__aenter__())
        await asyncio.to_thread(server.logged, "turned a client away", times=3)
        assert not entering.done()
        await first.stop()
    await entering
    assert (await second.stream([level(0)])).complete
    await second.__aexit__(None, None, None)


async def test_a_server_that_shuts_down_is_waited_out(serve_with):
    opened = []

    def shutting_down(websocket):
        opened.append(websocket)
        websocket.recv()
        if len(opened) < 3:
            websocket.send('{"event": "error", "code": "shutting_down", "message": "the server is shutting down"}')
            websocket.close(1013)
            return
        websocket.send(STARTED)
        websocket.recv()
        websocket.send(REPORT)

    url = serve_with(shutting_down)
    with pytest.raises(ServerBusy) as raised:
        await TrackerClient(url, reconnect=None).__aenter__()
    assert raised.value.code is ErrorCode.SHUTTING_DOWN
    async with TrackerClient(url, reconnect=PATIENT) as client:
        assert (await client.stop()).complete
    assert len(opened) == 3


async def test_a_proxy_without_a_server_is_waited_for(serve_with):
    asked = []

    def process_request(connection, _request):
        asked.append(connection)
        return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "no\n") if len(asked) < 4 else None

    def session(websocket):
        websocket.recv()
        websocket.send(STARTED)
        websocket.recv()
        websocket.send(REPORT)

    url = serve_with(session, process_request=process_request)
    with pytest.raises(ServerUnavailable):
        await TrackerClient(url, reconnect=None).__aenter__()
    async with TrackerClient(url, reconnect=PATIENT) as client:
        await client.stop()
    assert len(asked) == 4


async def test_a_token_that_is_refused_is_not_tried_again(place):
    server = await place.start(tokens=["sesame"])
    for token in (None, "wrong"):
        with pytest.raises(AccessRefused, match=r"wants a valid token \(HTTP 401\)$") as raised:
            await TrackerClient(place.url, token=token, reconnect=PATIENT).__aenter__()
        assert raised.value.status == 401
    async with TrackerClient(place.url, token="sesame") as client:
        assert (await client.stream([level(0)])).complete
    assert server.process.poll() is None


@pytest.mark.slow
async def test_a_token_that_is_refused_by_the_next_server_ends_the_session(place):
    server = await place.start()
    async with TrackerClient(place.url, reconnect=PATIENT) as client:
        await client.send(level(0))
        await kill(server)
        await place.start(tokens=["sesame"])
        with pytest.raises(ConnectionLost, match=r"and no other session could be opened: .* wants a valid token"):
            await until(client, of(Report))


async def test_sessions_of_clients_that_are_left_end_at_the_server(place):
    server = await place.start()
    for _ in range(3):
        async with TrackerClient(place.url) as client:
            client.stream_in_background([level(0)] * 1000)
            await anext(client)

    def open_sessions():
        with urllib.request.urlopen(place.url.replace("ws", "http", 1).replace("/ws/session", "/health"), timeout=30) as answer:
            return json.load(answer)["sessions"]

    async with asyncio.timeout(PATIENCE):
        while await asyncio.to_thread(open_sessions):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.05)
    assert server.process.poll() is None
