"""A stage that does not return: its session ends with an error, others go on, and so does the server."""

import threading

SECOND = b"\0\0" * 16_000


async def test_a_stage_that_hangs_ends_its_session_and_no_other(serve, probe, caplog):
    release = threading.Event()

    def hang_if_marked(_stage, data):
        if data[:1] == b"\1":
            assert release.wait(60)

    probe.on_feed = hang_if_marked
    server = serve(worker_threads=1, stage_timeout_seconds=0.5)
    async with server.client() as healthy, server.client() as hanging:
        await healthy.start()
        await hanging.start()
        await hanging.send(b"\1\0" * 1600)

        message = await hanging.expect_error("stage_failed", 1011)
        await healthy.send(SECOND)
        await healthy.expect(event="speaker")
        assert (await healthy.report())["speakers"] == [{"id": 0, "totalTimeMs": 1000}]

    release.set()
    assert "did not return within 0.5 s" in message
    assert "is given up" in caplog.text
    assert (await server.request("/health"))[0] == 200
