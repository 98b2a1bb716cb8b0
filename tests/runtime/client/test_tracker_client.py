"""The client of programs, with one server that stays where it is."""

import asyncio
import json
import threading
import tracemalloc

import numpy as np
import pytest

from speaker_tracker.client import (
    BadArgument,
    EventsMissed,
    Hint,
    Part,
    Report,
    Segment,
    SessionOver,
    SpeakerUpdate,
    TimelineUpdate,
    TrackerClient,
)
from support.client_harness import HEARD, PATIENCE, REPORT, SECOND, SPEAKER, SPEECH, STARTED, no_task_left, quick, read_all


async def test_events_come_while_audio_goes_and_the_report_is_the_last(tracker):
    async with TrackerClient(tracker) as client:
        client.stream_in_background(SPEECH)
        events = await read_all(client)
    assert events[0] == SpeakerUpdate(0, None, {})
    assert events[1] == TimelineUpdate(0, events[1].audio_ms, (Segment(0, 500, None),))
    assert events[-3] == SpeakerUpdate(0, 1, {0: 1000, 1: 2000})
    assert events[-1] == HEARD
    assert {type(event) for event in events[:-1]} == {SpeakerUpdate, TimelineUpdate}
    await no_task_left()


async def test_a_sender_and_a_reader_go_side_by_side(tracker):
    async with TrackerClient(tracker) as client, asyncio.TaskGroup() as group:
        reading = group.create_task(read_all(client))
        for audio in SPEECH:
            await client.send(audio)
        report = await client.stop()
    assert report == reading.result()[-1] == HEARD


async def test_events_may_be_read_after_all_is_said(tracker):
    async with TrackerClient(tracker) as client:
        assert await client.stream(SPEECH) == HEARD
        assert await client.stop() == HEARD
        assert client.report_so_far() == HEARD
        assert (await read_all(client))[-1] == HEARD
        assert await read_all(client) == []


@pytest.mark.parametrize("source", [np.concatenate([np.zeros(16_000, np.int16), *SPEECH[1:]]), b"".join(map(bytes, SPEECH))])
async def test_audio_may_come_in_one_piece(tracker, source):
    async with TrackerClient(tracker) as client:
        assert await client.stream(source) == HEARD


async def test_audio_may_be_waited_for(tracker):
    async def source():
        for audio in SPEECH:
            await asyncio.sleep(0.01)
            yield audio

    async with TrackerClient(tracker) as client:
        assert await client.stream(source()) == HEARD


async def test_in_real_time_audio_goes_out_as_it_is_spoken(tracker):
    loop = asyncio.get_running_loop()
    async with TrackerClient(tracker) as client:
        begun = loop.time()
        await client.stream([bytes(24_000)] * 2, realtime=True)
        assert loop.time() - begun >= 1.5


async def test_who_does_not_ask_for_the_timeline_is_not_told_of_it(tracker):
    async with TrackerClient(tracker, timeline=False) as client:
        client.stream_in_background(SPEECH)
        events = await read_all(client)
    assert {type(event) for event in events[:-1]} == {SpeakerUpdate}
    assert events[-1].parts[0].segments is None


@pytest.mark.parametrize("hints", [False, True])
async def test_hints_are_asked_for_and_are_events(serve_with, hints):
    asked = []

    def suspicious(websocket):
        asked.append(json.loads(websocket.recv()))
        for message in (STARTED, '{"event": "hint", "code": "stereo", "message": "two channels"}', REPORT):
            websocket.send(message)

    async with quick(serve_with(suspicious), hints=hints) as client:
        assert await read_all(client) == [Hint(0, "stereo", "two channels"), client.report_so_far()]
    (start,) = asked
    flags = {"timeline": True, "others": False, "confidence": False, "hints": hints, "voiceprints": False, "resumable": False}
    assert start == {"action": "start", "num_speakers": 2, **flags}


async def test_fewer_speakers_are_tracked_where_fewer_are_asked_for(tracker):
    async with TrackerClient(tracker, num_speakers=1) as client:
        assert (await client.stream(SPEECH)).parts[0].speaking_ms == {0: 1000}


async def test_what_is_known_so_far_can_be_asked_for_at_any_time(tracker):
    async with TrackerClient(tracker) as client:
        assert client.report_so_far() == Report(
            (Part(0, 0, 0, reported=False, speaking_ms={}, segments=()),), finished=False, complete=False
        )
        await client.send(np.concatenate(SPEECH[1:]))
        async for event in client:
            if event == SpeakerUpdate(0, 1, {0: 1000, 1: 2000}):
                break
        (part,) = client.report_so_far().parts
        assert (part.sent_ms, part.reported, part.speaking_ms) == (3000, False, {0: 1000, 1: 2000})


async def test_a_loop_that_is_left_can_be_taken_up_again(tracker):
    async with TrackerClient(tracker) as client:
        client.stream_in_background(SPEECH)
        first = None
        async for first in client:  # noqa: B007
            break
        rest = await read_all(client)
    assert first == SpeakerUpdate(0, None, {})
    assert rest[-1] == HEARD
    assert len(rest) >= 15


async def test_what_a_newer_server_adds_is_passed_over(serve_with):
    def newer(websocket):
        websocket.recv()
        for message in (STARTED, '{"event": "weather"}', REPORT):
            websocket.send(message)

    async with quick(serve_with(newer)) as client:
        assert await read_all(client) == [client.report_so_far()]


async def test_a_slow_reader_misses_the_oldest_events_and_gets_their_number(tracker):
    async with TrackerClient(tracker, max_waiting_events=5) as client:
        await client.stream(SPEECH)
        missed, *rest = await read_all(client)
    assert isinstance(missed, EventsMissed)
    assert missed.count >= 10
    assert len(rest) == 5
    assert rest[-1] == HEARD


@pytest.mark.parametrize("reading", [True, False])
async def test_thousands_of_events_take_no_memory(serve_with, reading):
    def talk(websocket):
        websocket.recv()
        websocket.send(STARTED)
        for _ in range(20_000):
            websocket.send(SPEAKER)
        websocket.recv()
        websocket.send(REPORT)

    async with quick(serve_with(talk), max_waiting_events=50) as client:
        for _ in range(50):
            await anext(client)
        tracemalloc.start()
        stopping = asyncio.create_task(client.stop())
        heard = 0
        if reading:
            async for _ in client:
                heard += 1
        await stopping
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert heard > 0 or not reading
    assert peak < 2 << 20


async def test_a_server_that_is_slow_slows_the_sender(serve_with):
    go_on = threading.Event()

    def slow(websocket):
        websocket.recv()
        websocket.send(STARTED)
        go_on.wait(PATIENCE)
        while isinstance(websocket.recv(), bytes):
            pass
        websocket.send(REPORT)

    sent = 0

    async def frames():
        nonlocal sent
        for sent in range(3000):  # noqa: B007 - counts
            yield SECOND

    async with quick(serve_with(slow)) as client:
        streaming = asyncio.create_task(client.stream(frames()))
        held_back = -1
        while held_back != sent:
            held_back = sent
            await asyncio.sleep(0.5)
        assert held_back < 2000
        go_on.set()
        assert (await streaming).parts[0].sent_ms == 3_000_000


@pytest.mark.parametrize("num_speakers", [0, 6, 2.5, "2", True])
def test_an_invalid_number_of_speakers_is_rejected(num_speakers):
    with pytest.raises(BadArgument, match="num_speakers must be a whole number from 1 to 5"):
        TrackerClient(num_speakers=num_speakers)


@pytest.mark.parametrize("options", [{"max_waiting_events": 0}, {"patience_seconds": 0}])
def test_bounds_must_leave_room(options):
    with pytest.raises(BadArgument, match="must be more than 0"):
        TrackerClient(**options)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/ws/session", "127.0.0.1:8000", "", "ws://[::1/x"])
async def test_what_is_no_address_is_told_at_once(url):
    with pytest.raises(BadArgument, match=r"ws://127\.0\.0\.1:8000/ws/session"):
        async with TrackerClient(url):
            pass


async def test_a_client_is_entered_once_and_used_inside(tracker):
    client = TrackerClient(tracker)
    for too_early in (client.send(SECOND), client.stop(), anext(client)):
        with pytest.raises(SessionOver, match="enter it"):
            await too_early
    with pytest.raises(SessionOver, match="enter it"):
        client.stream_in_background(SECOND)
    async with client:
        with pytest.raises(RuntimeError, match="entered once"):
            await client.__aenter__()
    with pytest.raises(RuntimeError, match="entered once"):
        await client.__aenter__()
