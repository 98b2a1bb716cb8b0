"""The inbox of a connection: what waits, what is joined, and when the client is no longer read."""

import asyncio

import pytest

from speaker_tracker.protocol import BYTES_PER_SECOND
from speaker_tracker.server.connection import Inbox

FRAME = bytes(3200)


def held(*frames, joined_bytes=BYTES_PER_SECOND):
    inbox = Inbox(joined_bytes)
    for frame in frames:
        inbox.put_nowait(frame)
    return inbox


def taken(inbox):
    out = []
    while not inbox.empty():
        out.append(inbox.get_nowait())
    return out


def test_frames_of_audio_that_piled_up_come_out_as_one():
    assert taken(held(b"\1\0" * 10, b"\2\0" * 10)) == [b"\1\0" * 10 + b"\2\0" * 10]


@pytest.mark.parametrize("other", ['{"action": "stop"}', b"\1\2\3", b'{"action": "stop"} '])
def test_what_is_no_plain_audio_comes_by_itself_and_in_its_turn(other):
    assert taken(held(FRAME, FRAME, other, FRAME, FRAME)) == [FRAME * 2, other, FRAME * 2]


def test_no_more_is_joined_than_is_allowed():
    assert [len(frame) for frame in taken(held(*[FRAME] * 5, joined_bytes=7000))] == [6400, 6400, 3200]
    assert taken(held(bytes(9000), FRAME, joined_bytes=7000)) == [bytes(9000), FRAME]


async def test_a_second_of_audio_waits_and_then_the_client_is_not_read():
    inbox = held(*[FRAME] * 9)
    assert not inbox.full()
    inbox.put_nowait(FRAME)
    waiting = asyncio.create_task(inbox.put(FRAME))
    await asyncio.sleep(0.01)
    assert not waiting.done()

    assert inbox.get_nowait() == FRAME * 10
    await asyncio.wait_for(waiting, 1)
    assert taken(inbox) == [FRAME]


def test_there_is_always_room_for_one_however_long_it_is():
    inbox = held()
    assert not inbox.full()
    inbox.put_nowait(bytes(1 << 20))
    assert inbox.full()
