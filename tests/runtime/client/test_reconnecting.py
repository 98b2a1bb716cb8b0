"""The client of programs, where its server goes away in mid-session and perhaps comes back."""

import asyncio
import itertools

import pytest

from speaker_tracker.client import (
    CannotConnect,
    ConnectionLost,
    Disconnected,
    Reconnected,
    Report,
    Segment,
    SessionOver,
    SpeakerUpdate,
    TimelineUpdate,
    TrackerClient,
)
from support.client_harness import HASTY, PATIENCE, PATIENT, SECOND, STARTED, kill, level, of, until


@pytest.mark.slow
async def test_a_server_that_is_killed_and_started_again_makes_a_new_part_on_the_same_clock(place):
    server = await place.start()
    async with TrackerClient(place.url, reconnect=PATIENT) as client:
        for who in (0, 1, 1):
            await client.send(level(who))
        await until(client, lambda event: event == SpeakerUpdate(0, 1, {0: 1000, 1: 2000}))
        await until(client, of(TimelineUpdate))

        await kill(server)
        lost, _ = await until(client, of(Disconnected))
        await place.start()
        # Waits for the other server, and goes there.
        await client.send(level(1))
        again, _ = await until(client, of(Reconnected))
        await client.send(level(0))
        _, before = await until(client, lambda event: event == SpeakerUpdate(1, 0, {0: 1000, 1: 1000}))
        report = await client.stop()

    assert lost == Disconnected(0, f"{place.url} broke the connection off")
    assert again == Reconnected(1, offset_ms=3000, lost_ms=0)
    assert before[0] == SpeakerUpdate(1, 1, {1: 500})
    assert before[1] == TimelineUpdate(1, before[1].audio_ms, (Segment(3000, 3500, 1),))
    assert before[1].audio_ms in range(3500, 5001)
    assert report.finished
    assert not report.complete
    first, second = report.parts
    assert (first.offset_ms, first.sent_ms, first.reported, first.speaking_ms) == (0, 3000, False, {0: 1000, 1: 2000})
    assert first.segments == (Segment(0, 1000, 0), Segment(1000, 3000, 1))
    assert (second.offset_ms, second.sent_ms, second.reported, second.speaking_ms) == (3000, 2000, True, {0: 1000, 1: 1000})
    assert second.segments == (Segment(3000, 4000, 1), Segment(4000, 5000, 0))


@pytest.mark.slow
async def test_a_server_that_shuts_down_reports_its_part_and_another_goes_on(place):
    server = await place.start()
    async with TrackerClient(place.url, reconnect=PATIENT) as client:
        await client.send(level(0))
        await until(client, lambda event: event == SpeakerUpdate(0, 0, {0: 1000}))
        await until(client, of(TimelineUpdate))
        server.process.terminate()
        lost, _ = await until(client, of(Disconnected))
        assert await asyncio.to_thread(server.wait, PATIENCE) == 0
        await place.start()
        assert (await until(client, of(Reconnected)))[0] == Reconnected(1, 1000, lost_ms=0)
        report = await client.stream([level(1)])
    assert lost == Disconnected(0, f"{place.url} shut down, and reported what it had heard until then")
    assert [(part.reported, part.speaking_ms) for part in report.parts] == [(True, {0: 1000}), (True, {1: 1000})]
    assert [part.segments for part in report.parts] == [(Segment(0, 1000, 0),), (Segment(1000, 2000, 1),)]
    assert not report.complete


async def test_a_server_that_shuts_down_is_the_end_for_who_does_not_reconnect(place):
    server = await place.start()

    async def microphone():
        while True:
            yield level(0)
            await asyncio.sleep(0.01)

    async with TrackerClient(place.url, reconnect=None) as client:
        client.stream_in_background(microphone())
        await until(client, lambda event: isinstance(event, SpeakerUpdate) and event.speaking_ms.get(0, 0) >= 1000)
        server.process.terminate()
        report, _ = await until(client, of(Report))
        assert await client.stop() == report
        with pytest.raises(SessionOver, match="was stopped"):
            await client.send(SECOND)
    (part,) = report.parts
    assert part.reported
    assert part.speaking_ms[0] >= 1000
    assert not report.complete


async def test_a_server_that_ends_without_a_report_is_an_error_for_who_does_not_reconnect(place):
    server = await place.start()
    async with TrackerClient(place.url, reconnect=None) as client:
        await client.send(level(0))
        await until(client, lambda event: event == SpeakerUpdate(0, 0, {0: 1000}))
        await kill(server)
        with pytest.raises(ConnectionLost, match="broke the connection off"):
            await client.stop()
        assert client.report_so_far().parts[0].speaking_ms == {0: 1000}


async def test_attempts_that_are_used_up_are_an_error_that_names_both_causes(place):
    server = await place.start()
    async with TrackerClient(place.url, reconnect=HASTY) as client:
        await client.send(level(0))
        await until(client, lambda event: event == SpeakerUpdate(0, 0, {0: 1000}))
        await kill(server)
        with pytest.raises(ConnectionLost) as raised:
            await until(client, of(Report))
        with pytest.raises(ConnectionLost):
            await client.send(SECOND)
        (part,) = client.report_so_far().parts
    assert str(raised.value) == (
        f"{place.url} broke the connection off, and no other session could be opened: "
        f"{place.url} cannot be reached: connection refused; is the server running?"
    )
    assert isinstance(raised.value.__cause__, CannotConnect)
    assert part.speaking_ms == {0: 1000}


async def test_a_client_that_is_stopped_while_it_reconnects_gives_what_it_has_where_that_is_all(place):
    server = await place.start()
    async with TrackerClient(place.url, reconnect=PATIENT) as client:
        await client.send(level(0))
        await until(client, lambda event: event == SpeakerUpdate(0, 0, {0: 1000}))
        await until(client, of(TimelineUpdate))
        await kill(server)
        await until(client, of(Disconnected))
        report = await asyncio.wait_for(client.stop(), PATIENCE)
        assert (await until(client, of(Report)))[0] == report
    (part,) = report.parts
    assert (part.reported, part.speaking_ms) == (False, {0: 1000})
    assert not report.complete


async def test_a_connection_that_breaks_while_the_report_is_waited_for_gives_what_it_had(serve_with):
    def stop(websocket):
        websocket.recv()
        websocket.send(STARTED)
        websocket.recv()
        websocket.close_socket()

    url = serve_with(stop)
    async with TrackerClient(url, reconnect=PATIENT) as client:
        report = await client.stop()
    assert not report.complete
    async with TrackerClient(url, reconnect=None) as client:
        with pytest.raises(ConnectionLost):
            await client.stop()


async def test_a_client_that_is_left_while_it_reconnects_leaves_nothing(place):
    server = await place.start()
    async with TrackerClient(place.url, reconnect=PATIENT) as client:
        client.stream_in_background(itertools.repeat(level(0)))
        await until(client, of(SpeakerUpdate))
        await kill(server)
        await until(client, of(Disconnected))
    async with asyncio.timeout(PATIENCE):
        while len(asyncio.all_tasks()) > 1:  # noqa: ASYNC110 - tasks end without telling
            await asyncio.sleep(0.01)


async def test_a_close_that_blames_the_client_is_not_tried_again(serve_with):
    opened = []

    def refuse(websocket):
        opened.append(websocket)
        websocket.recv()
        websocket.send(STARTED)
        websocket.close(1008, "not you")

    async with TrackerClient(serve_with(refuse), reconnect=PATIENT) as client:
        with pytest.raises(ConnectionLost, match=r"with close code 1008 \(not you\)") as raised:
            await client.stop()
    assert raised.value.close_code == 1008
    assert len(opened) == 1


async def test_sessions_that_end_at_once_again_and_again_are_given_up(serve_with):
    opened = []

    def drop(websocket):
        opened.append(websocket)
        websocket.recv()
        websocket.send(STARTED)
        websocket.close_socket()

    async with TrackerClient(serve_with(drop), reconnect=HASTY) as client:
        with pytest.raises(ConnectionLost, match="broke the connection off"):
            await until(client, of(Report))
    assert len(opened) == 1 + HASTY.attempts
