"""Sessions over a real socket: the protocol, one client beside another, and what stays of a client that is gone."""

import asyncio
import gc
import json
import socket
import struct
import threading

import pytest

SECOND = b"\0\0" * 16_000


async def test_session_runs_from_start_to_report(serve):
    async with serve().client() as client:
        await client.start(num_speakers=3)
        await client.send(SECOND)
        assert await client.hear() == {"event": "speaker", "currentSpeakerId": 0, "speakingTimeMs": {"0": 1000}}
        assert await client.report() == {"event": "report", "speakers": [{"id": 0, "totalTimeMs": 1000}]}


async def test_session_without_audio_gets_a_report_without_speakers(serve):
    async with serve().client() as client:
        await client.start()
        assert await client.report() == {"event": "report", "speakers": []}


async def test_empty_binary_frame_does_nothing(serve):
    async with serve().client() as client:
        await client.start()
        await client.send(b"")
        await client.send(b"\0" * 8)
        await client.expect(event="speaker", speakingTimeMs={"0": 0})
        assert (await client.report())["speakers"] == [{"id": 0, "totalTimeMs": 0}]


@pytest.mark.parametrize(
    ("first", "error", "close"),
    [
        ('{"action": "start", "num_speakers": 0}', "invalid_num_speakers", 1008),
        ('{"action": "start", "num_speakers": "two"}', "invalid_num_speakers", 1008),
        ('"action": "start"', "invalid_json", 1007),
        ('{"action": "dance"}', "unknown_action", 1008),
        ('{"action": "stop"}', "not_started", 1008),
        (SECOND, "not_started", 1008),
        ("x" * 100_000, "invalid_json", 1007),
    ],
)
async def test_bad_first_frame_gets_an_error_and_a_fitting_close(serve, first, error, close):
    server = serve()
    async with server.client() as bystander, server.client() as client:
        await bystander.start()
        await client.send(first)
        await client.expect_error(error, close)
        await bystander.send(SECOND)
        await bystander.expect(event="speaker")


async def test_frame_over_the_limit_gets_an_error_before_close_1009(serve):
    async with serve(max_frame_bytes=32_000).client() as client:
        await client.start()
        await client.send(bytes(32_000))
        await client.expect(event="speaker")
        await client.send(bytes(8 << 20))
        assert "32000 bytes" in await client.expect_error("frame_too_large", 1009)


async def test_frame_over_the_limit_in_many_fragments_gets_the_same_error(serve):
    async with serve(max_frame_bytes=32_000).client() as client:
        await client.start()
        await client.send([bytes(10_000)] * 100)
        await client.expect_error("frame_too_large", 1009)


async def test_start_fits_however_small_the_limit_for_audio_is(serve):
    async with serve(max_frame_bytes=16).client() as client:
        await client.start()


async def test_silent_client_is_let_go_with_a_reason(serve):
    async with serve(idle_timeout_seconds=0.1).client() as client:
        await client.start()
        await client.expect(event="report")
        assert "0.1 s" in await client.expect_error("idle_timeout", 1008)


async def test_client_that_keeps_sending_is_not_idle(serve, monkeypatch):
    loop = asyncio.get_running_loop()
    now = loop.time()
    monkeypatch.setattr(loop, "time", lambda: now)  # however long this machine takes
    async with serve(idle_timeout_seconds=60).client(ping_interval=None) as client:
        await client.start()
        for _ in range(8):
            now += 50
            await client.send(b"\0\0")
            await client.expect(event="speaker")
        await client.report()
        monkeypatch.undo()


async def test_compression_is_not_negotiated(serve):
    async with serve().client(compression="deflate") as client:
        await client.start()
        assert client.connection.protocol.extensions == []


async def test_failing_stage_ends_its_session_alone(serve, probe):
    def fail_for_five_speakers(stage, _data):
        if stage.session.num_speakers == 5:
            raise RuntimeError("broken stage")

    probe.on_feed = fail_for_five_speakers
    server = serve()
    async with server.client() as good, server.client() as bad:
        await good.start()
        await bad.start(num_speakers=5)
        await bad.send(SECOND)
        assert "broken" not in await bad.expect_error("stage_failed", 1011)
        await good.send(SECOND)
        await good.expect(event="speaker")


async def test_heavy_chain_works_off_the_event_loop_and_light_chain_on_it(serve, probe):
    for heavy in (True, False):
        probe.threads.clear()
        async with serve(cpu_heavy=heavy).client() as client:
            await client.start()
            await client.send(SECOND)
            await client.expect(event="speaker")
        assert (threading.get_ident() in probe.threads) is not heavy


async def test_messages_are_sent_while_the_rest_of_a_long_frame_is_worked_on(serve, probe):
    heard = threading.Event()

    def wait_for_client(stage, _data):
        if stage.bytes:
            assert heard.wait(30)

    probe.on_feed = wait_for_client
    async with serve().client() as client:
        await client.start()
        await client.send(SECOND * 3)
        await client.expect(speakingTimeMs={"0": 1000})
        heard.set()
        await client.expect(speakingTimeMs={"0": 2000})


async def test_session_that_is_stuck_in_a_stage_does_not_delay_another(serve, probe):
    release = threading.Event()
    probe.on_feed = lambda stage, _data: release.wait(30) if stage.session.num_speakers == 5 else None
    server = serve()
    async with server.client() as slow, server.client() as live:
        await slow.start(num_speakers=5)
        await slow.send(SECOND)
        await live.start()
        for second in range(1, 6):
            await live.send(SECOND)
            await live.expect(speakingTimeMs={"0": second * 1000})
        release.set()
        await slow.expect(event="speaker")


async def test_client_that_sends_faster_than_work_goes_is_slowed_down(serve, probe):
    release = threading.Event()
    probe.on_feed = lambda _stage, _data: release.wait(30)
    server = serve()
    async with server.client(write_limit=1) as client:
        await client.start()
        sent = 0

        async def flood():
            nonlocal sent
            for _ in range(400):
                await client.send(bytes(64_000))
                sent += 1

        flooding = asyncio.create_task(flood())
        await settled(lambda: sent)
        assert sent < 300  # the rest of its 25 MB waits with the client
        release.set()
        await asyncio.wait_for(drain(client, flooding), 60)


async def settled(value):
    """Waits until ``value()`` has stayed the same for half a second."""
    last, unchanged = None, 0
    while unchanged < 10:
        await asyncio.sleep(0.05)
        unchanged = unchanged + 1 if value() == last else 0
        last = value()


async def drain(client, flooding):
    while not flooding.done():
        await client.hear()


async def test_everything_is_freed_when_the_client_closes(serve, probe):
    server = serve()
    async with server.client() as client:
        await client.start()
        await client.send(SECOND)
        await client.expect(event="speaker")
        assert len(probe.alive) == 1
    await freed(server, probe)


async def freed(server, probe):
    def nothing_left():
        gc.collect()
        return not probe.alive and not len(server.sessions)

    await server.until(nothing_left)


def vanish(client):
    """Ends the client's connection with a reset, as when its machine is cut off and comes back."""
    connection = client.connection.transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.connection.transport.abort()


async def test_step_under_way_is_finished_before_a_vanished_client_s_session_is_freed(serve, probe):
    entered, release, finished = threading.Event(), threading.Event(), threading.Event()

    def hold(stage, _data):
        entered.set()
        assert release.wait(30)
        assert stage.probe is probe
        finished.set()

    probe.on_feed = hold
    server = serve()
    async with server.client() as client:
        await client.start()
        await client.send(SECOND)
        await server.until(entered.is_set)
        vanish(client)
        await asyncio.sleep(0.05)
        assert len(probe.alive) == 1
        release.set()
    await freed(server, probe)
    assert finished.is_set()


async def test_client_that_vanishes_in_the_middle_of_a_flood_leaves_nothing(serve, probe):
    entered, release = threading.Event(), threading.Event()

    def hold(_stage, _data):
        entered.set()
        assert release.wait(30)

    probe.on_feed = hold
    server = serve()
    async with server.client() as client:
        await client.start()
        flooding = asyncio.create_task(flood_until_refused(client))
        await server.until(entered.is_set)
        await asyncio.sleep(0.1)  # all queues between the client and the stage fill up
        vanish(client)
        release.set()
        await flooding
    await freed(server, probe)
    await connections_gone(server)


async def flood_until_refused(client):
    try:
        while True:
            await client.send(SECOND)
    except Exception:
        return


async def connections_gone(server):
    """No task of a connection is left behind."""
    await server.until(lambda: not [task for task in asyncio.all_tasks() if "TCPServer" in repr(task) or "_handle" in repr(task)])


async def test_client_that_floods_and_never_reads_is_let_go(serve, probe):
    probe.on_feed = lambda _stage, _data: None
    server = serve(idle_timeout_seconds=0.5)
    host, port = server._sockets.insecure_sockets[0].getsockname()[:2]
    loop = asyncio.get_running_loop()
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.setblocking(False)
        await loop.sock_connect(raw, (host, port))
        await loop.sock_sendall(
            raw,
            b"GET /ws/session HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        )
        assert await loop.sock_recv(raw, 1000)
        start = json.dumps({"action": "start"}).encode()
        await loop.sock_sendall(raw, bytes([0x81, 0x80 | len(start)]) + bytes(4) + start)
        with pytest.raises(OSError, match=r"."):
            await flood_with_tiny_frames(raw)
        await freed(server, probe)
    await connections_gone(server)


async def flood_with_tiny_frames(raw):
    frames = (bytes([0x82, 0x80 | 2]) + bytes(4) + b"\0\0") * 1000
    while True:
        await asyncio.wait_for(asyncio.get_running_loop().sock_sendall(raw, frames), 30)


async def test_error_reaches_a_client_that_is_still_sending(serve):
    server = serve()
    async with server.client() as client:
        sending = asyncio.create_task(flood_until_refused(client))
        await client.expect_error("not_started", 1008)
        await sending


async def test_many_connections_opened_and_dropped_leave_no_session(serve, probe):
    server = serve()
    for round_ in range(10):
        clients = [server.client() for _ in range(10)]
        opened = [await client.__aenter__() for client in clients]
        for number, client in enumerate(opened):
            if (number + round_) % 2:
                await client.start()
                await client.send(SECOND[:3200])
            vanish(client)
        for client in clients:
            await client.__aexit__(None, None, None)
    await freed(server, probe)
    async with server.client() as client:
        await client.start()
        assert (await client.report())["speakers"] == []


async def test_keepalive_and_gaps_outlast_the_time_out(serve):
    async with serve(idle_timeout_seconds=4).client() as client:
        await client.start(timeline=True)
        await client.send(SECOND)
        for _ in range(8):
            await asyncio.sleep(0.6)
            await client.send('{"action": "keepalive"}')
        await client.send('{"action": "gap", "ms": 20000}')
        report = await client.report()
    assert report["speakers"] == [{"id": 0, "totalTimeMs": 1000}]
