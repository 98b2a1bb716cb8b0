"""Limits for what one client may take: each is told by a code and a fitting close, and nobody else notices."""

import asyncio

import pytest
from websockets.exceptions import ConnectionClosed

from support.recording_observer import RecordingObserver

SECOND = b"\0\0" * 16_000


async def goes_on(bystander):
    """A session that runs meanwhile is served as always."""
    await bystander.send(SECOND)
    await bystander.expect(event="speaker")


# -- sessions of one address -----------------------------------------------------------------------------------------------------


async def test_no_address_has_more_sessions_than_it_may(serve):
    observer = RecordingObserver()
    server = serve(max_sessions_per_address=2, observers={"recording": observer})
    async with server.client() as one, server.client() as two:
        await one.start()
        await two.start()
        async with server.client() as three:
            await three.say(action="start")
            assert "at most 2 sessions from one address" in await three.expect_error("too_many_sessions", 1013)
        await goes_on(one)
        await two.report()
        await server.until(lambda: len(server.sessions) == 1)
        async with server.client() as four:
            await four.start()
    assert observer.of("refused") == ["too_many_sessions"]


async def test_clients_behind_trusted_proxies_count_by_the_address_that_the_outermost_tells(serve):
    server = serve(max_sessions_per_address=1, trusted_hops=2)

    def via(forwarded_for):
        return server.client(additional_headers={"X-Forwarded-For": forwarded_for})

    async with via("192.0.2.1, 10.0.0.9") as one, via("192.0.2.2, 10.0.0.9") as two:
        await one.start()
        await two.start()
        async with via("203.0.113.7, 192.0.2.1, 10.0.0.9") as forged:
            await forged.say(action="start")
            await forged.expect_error("too_many_sessions", 1013)


async def test_what_a_client_says_of_its_address_is_not_believed_without_trusted_proxies(serve):
    server = serve(max_sessions_per_address=1)
    async with server.client() as one, server.client(additional_headers={"X-Forwarded-For": "192.0.2.1"}) as two:
        await one.start()
        await two.say(action="start")
        await two.expect_error("too_many_sessions", 1013)


# -- connections that do not start -----------------------------------------------------------------------------------------------


async def test_connection_that_does_not_start_is_closed(serve):
    observer = RecordingObserver()
    server = serve(start_timeout_seconds=0.2, observers={"recording": observer})
    async with server.client() as bystander:
        await bystander.start()
        async with server.client() as client:
            assert "for 0.2 s" in await client.expect_error("start_timeout", 1008)
        await goes_on(bystander)
    assert observer.of("refused") == ["start_timeout"]


async def test_connections_that_say_nothing_take_no_place_of_a_session(serve):
    server = serve(max_sessions=1)
    async with server.client(), server.client(), server.client() as client:
        await server.until(lambda: len(server.shared.waiting) == 3)
        await client.start()
        assert (await server.request("/health"))[1]["sessions"] == 1
        async with server.client() as late:
            await late.expect_error("server_busy", 1013)


async def test_who_has_waited_longest_makes_room_for_who_comes(serve):
    server = serve(max_waiting_connections=2)
    async with server.client() as oldest, server.client() as older:
        await server.until(lambda: len(server.shared.waiting) == 2)
        async with server.client() as client:
            assert "waited longest" in await oldest.expect_error("server_busy", 1013)
            await client.start()
        await older.start()


async def test_the_last_place_is_for_who_starts_first(serve):
    server = serve(max_sessions=1)
    async with server.client() as first, server.client() as second:
        await server.until(lambda: len(server.shared.waiting) == 2)
        await second.start()
        await first.say(action="start")
        await first.expect_error("server_busy", 1013)


@pytest.mark.parametrize("begin", [b"", b"GET /ws/ses", b"GET /ws/session HTTP/1.1\r\nHost: test\r\n"])
async def test_handshake_that_is_never_finished_is_given_up(serve, begin):
    server = serve(start_timeout_seconds=0.3)
    async with server.client() as bystander:
        await bystander.start()
        assert await asyncio.wait_for(server.raw_exchange(begin), 10) == b""
        await goes_on(bystander)


# -- messages --------------------------------------------------------------------------------------------------------------------


async def flood(client, message, number=5000):
    try:
        for _ in range(number):
            await client.send(message)
    except ConnectionClosed:
        pass


async def error_after_report(client):
    """The error message that ends a session, and what the report before it said."""
    reports = []
    while (message := await client.hear())["event"] != "error":
        reports += [message] if message["event"] == "report" else []
    assert len(reports) == 1
    return message


@pytest.mark.parametrize("message", ['{"action": "keepalive"}', b""], ids=["control", "empty"])
async def test_flood_of_messages_without_audio_ends_its_session_alone(serve, message):
    server = serve(max_messages_per_second=20)
    async with server.client() as bystander, server.client() as client:
        await bystander.start()
        await client.start()
        sending = asyncio.create_task(flood(client, message))
        error = await error_after_report(client)
        assert error["code"] == "too_many_messages"
        assert "20 ms to 1 s" in error["message"]
        await client.expect_close(1008)
        await sending
        await goes_on(bystander)


async def test_flood_before_the_start_is_refused_as_what_it_is(serve):
    server = serve(max_messages_per_second=1)
    async with server.client() as client:
        await client.send(b"")
        await client.expect_error("not_started", 1008)


async def test_flood_of_single_samples_is_read_slowly_and_refused_nothing(serve):
    server = serve(max_messages_per_second=20)
    async with server.client() as bystander, server.client() as client:
        await bystander.start()
        await client.start()
        begin = asyncio.get_running_loop().time()
        for _ in range(1200):
            await client.send(b"\0\0")
        await goes_on(bystander)
        assert (await client.report())["speakers"] == [{"id": 0, "totalTimeMs": 75}]
        assert asyncio.get_running_loop().time() - begin > 1  # 50 at once, and 200 a second


@pytest.mark.parametrize("milliseconds", [5, 20])
async def test_file_that_is_sent_as_fast_as_it_is_taken_is_within_the_limit(serve, milliseconds):
    frame = bytes(32 * milliseconds)
    async with serve().client() as client:
        await client.start()
        for _ in range(60_000 // milliseconds):
            await client.send(frame)
        assert (await client.report())["speakers"] == [{"id": 0, "totalTimeMs": 60_000}]


# -- audio that is held ----------------------------------------------------------------------------------------------------------


async def test_many_clients_that_send_ahead_have_no_more_held_than_is_allowed(serve, probe):
    limit, message, clients = 4 << 20, 1 << 20, 12
    held = []
    probe.on_feed = lambda _stage, _data: held.append(server.shared.held_audio.total)
    server = serve(max_held_audio_mb=4)

    async def send_ahead():
        async with server.client() as client:
            await client.start()
            for _ in range(4):
                await client.send(bytes(message))
            report = await client.report()
            assert report["speakers"] == [{"id": 0, "totalTimeMs": 4 * message // 32}]

    await asyncio.gather(*(send_ahead() for _ in range(clients)))
    assert max(held) > limit / 2
    assert max(held) <= limit + clients * message
    await server.until(lambda: server.shared.held_audio.total == 0)
    await server.until(lambda: server.shared.held_audio.connections == 0)


async def test_no_session_is_taken_while_all_audio_that_may_be_held_is(serve):
    server = serve(max_held_audio_mb=1)
    async with server.client() as running:
        await running.start()
        share = server.shared.held_audio.share()
        share.arrived(1 << 20)
        async with server.client() as client:
            assert "more audio than it can hold" in await client.expect_error("server_busy", 1013)
        await goes_on(running)
        share.close()
        async with server.client() as client:
            await client.start()
