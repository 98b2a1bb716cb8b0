"""The end of a server: reports for running sessions, no new ones, and no longer than the grace time."""

import asyncio
import threading

SECOND = b"\0\0" * 16_000


async def test_running_session_gets_its_report_and_close_1001(serve):
    server = serve(grace_seconds=30)
    async with server.client() as client:
        await client.start()
        await client.send(SECOND)
        await client.expect(event="speaker")
        server.stop.set()
        await client.expect(event="report", speakers=[{"id": 0, "totalTimeMs": 1000}])
        await client.expect_close(1001)
    await server.serving


async def test_client_that_has_not_started_is_told_of_the_shutdown(serve):
    server = serve(grace_seconds=30)
    async with server.client() as client:
        await server.until(lambda: len(server.shared.waiting) == 1)
        server.stop.set()
        await client.expect_error("shutting_down", 1013)


async def test_frame_under_way_is_finished_before_the_report(serve, probe):
    entered, release = threading.Event(), threading.Event()

    def hold(_stage, _data):
        entered.set()
        assert release.wait(30)

    probe.on_feed = hold
    server = serve(grace_seconds=30)
    async with server.client() as client:
        await client.start()
        await client.send(SECOND * 2)
        await server.until(entered.is_set)
        server.stop.set()
        await server.until(server.sessions.draining.is_set)
        release.set()
        await client.expect(speakingTimeMs={"0": 1000})
        await client.expect(speakingTimeMs={"0": 2000})
        await client.expect(event="report")
        await client.expect_close(1001)


async def test_while_draining_newcomers_are_told_and_health_says_so(serve, probe):
    entered, release = threading.Event(), threading.Event()

    def hold(_stage, _data):
        entered.set()
        assert release.wait(30)

    probe.on_feed = hold
    server = serve(grace_seconds=30)
    async with server.client() as running:
        await running.start()
        await running.send(SECOND)
        await server.until(entered.is_set)
        server.stop.set()
        await server.until(server.sessions.draining.is_set)

        async with server.client() as newcomer:
            await newcomer.expect_error("shutting_down", 1013)
        status, body = await server.request("/health")
        assert (status, body["status"], body["sessions"]) == (503, "draining", 1)

        release.set()
        await running.expect(event="speaker")
        await running.expect(event="report")


async def test_session_that_does_not_finish_in_time_is_closed_all_the_same(serve, probe):
    entered, release = threading.Event(), threading.Event()

    def hold(_stage, _data):
        entered.set()
        assert release.wait(30)

    probe.on_feed = hold
    server = serve(grace_seconds=0.1)
    async with server.client() as client:
        await client.start()
        await client.send(SECOND * 30)
        await server.until(entered.is_set)
        server.stop.set()
        await server.until(lambda: server.sessions.grace_is_over)
        release.set()
        await client.expect_close(1001)
    await asyncio.wait_for(server.serving, 60)
    assert len(server.sessions) == 0


async def test_server_without_sessions_ends_without_waiting(serve):
    server = serve(grace_seconds=3600)
    await server.request("/health")
    server.stop.set()
    await asyncio.wait_for(server.serving, 60)
