"""A client of programs that is left in the middle, by an error or because it is cancelled."""

import asyncio

import pytest

from speaker_tracker.client import SessionOver, TrackerClient
from support.client_harness import PATIENCE, SECOND, SPEAKER, SPEECH, STARTED, no_task_left, read_all


@pytest.fixture
async def watched(serve_with):
    """A server of which the test sees when its connection has ended, and the address."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def run(websocket):
        try:
            websocket.recv()
            websocket.send(STARTED)
            for _ in websocket:
                websocket.send(SPEAKER)
        finally:
            loop.call_soon_threadsafe(ended.set)

    return serve_with(run), ended


async def test_leaving_without_stop_gives_the_session_up(watched):
    url, ended = watched
    async with TrackerClient(url) as client:
        await client.send(SECOND)
    await asyncio.wait_for(ended.wait(), PATIENCE)
    await no_task_left()
    with pytest.raises(SessionOver, match="the client is not open"):
        await client.send(SECOND)
    with pytest.raises(SessionOver):
        await client.stop()


async def test_leaving_at_once_closes_the_connection(watched):
    url, ended = watched
    async with TrackerClient(url):
        pass
    await asyncio.wait_for(ended.wait(), PATIENCE)
    await no_task_left()


async def test_an_error_in_the_body_is_its_own_and_closes_the_connection(watched):
    url, ended = watched

    async def body():
        async with TrackerClient(url) as client:
            client.stream_in_background([SECOND] * 3)
            async for _ in client:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await body()
    await asyncio.wait_for(ended.wait(), PATIENCE)
    await no_task_left()


async def send_for_ever(client):
    while True:
        await client.send(SECOND)


async def read_while_streaming(client):
    async def for_ever():
        while True:
            yield SECOND

    client.stream_in_background(for_ever())
    await read_all(client)


@pytest.mark.parametrize("use", [anext, send_for_ever, TrackerClient.stop, read_while_streaming])
async def test_a_client_that_is_cancelled_closes_the_connection(serve_with, use):
    ended, started = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def listen(websocket):
        websocket.recv()
        websocket.send(STARTED)
        loop.call_soon_threadsafe(started.set)
        for _ in websocket:
            pass
        loop.call_soon_threadsafe(ended.set)

    async def enter_and_use(url):
        async with TrackerClient(url) as client:
            await use(client)

    using = asyncio.create_task(enter_and_use(serve_with(listen)))
    await asyncio.wait_for(started.wait(), PATIENCE)
    await asyncio.sleep(0.1)
    using.cancel()
    with pytest.raises(asyncio.CancelledError):
        await using
    await asyncio.wait_for(ended.wait(), PATIENCE)
    await no_task_left()


async def test_a_client_that_is_cancelled_while_it_connects_leaves_nothing(unused_tcp_port):
    connected = asyncio.Event()

    async def silent(reader, _writer):
        connected.set()
        await reader.read()
        await reader.read()
        _writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", unused_tcp_port):
        entering = asyncio.create_task(TrackerClient(f"ws://127.0.0.1:{unused_tcp_port}").__aenter__())
        await connected.wait()
        entering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await entering
        await no_task_left()


async def test_who_waits_is_told_when_the_client_is_left(watched):
    url, _ = watched
    async with TrackerClient(url) as client:
        reading = asyncio.create_task(anext(client, "the end"))
        await asyncio.sleep(0)
    assert await asyncio.wait_for(reading, PATIENCE) == "the end"


async def test_a_send_that_is_cancelled_harms_no_other(tracker):
    async with TrackerClient(tracker) as client:
        sending = asyncio.create_task(client.send(SECOND))
        await asyncio.sleep(0)
        sending.cancel()
        await asyncio.wait({sending})
        assert (await client.stream(SPEECH)).parts[0].speaking_ms == {0: 1000, 1: 2000}
