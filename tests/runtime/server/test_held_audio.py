"""Who must wait while a process holds as much audio as it may."""

import asyncio

import pytest

from speaker_tracker.server.held_audio import HeldAudio


@pytest.fixture
def held():
    return HeldAudio(100)


def test_below_the_limit_nobody_waits(held):
    share = held.share()
    share.arrived(99)
    share.completed(99)
    assert not share.must_pause
    assert not held.is_full


def test_those_with_more_than_their_part_wait_and_others_do_not(held):
    much, little = held.share(), held.share()
    for share, length in ((much, 90), (little, 20)):
        share.arrived(length)
        share.completed(length)
    assert held.is_full
    assert much.must_pause
    assert not little.must_pause


def test_a_message_that_is_still_arriving_is_read_to_its_end(held):
    share = held.share()
    share.arrived(200)
    assert not share.must_pause
    share.completed(200)
    assert share.must_pause


async def test_reading_goes_on_once_there_is_room(held):
    share = held.share()
    share.arrived(200)
    share.completed(200)
    waiting = asyncio.create_task(share.room())
    await asyncio.sleep(0.1)
    assert not waiting.done()
    share.processed(200)
    await asyncio.wait_for(waiting, 10)


def test_a_connection_that_is_over_holds_nothing(held):
    share = held.share()
    share.arrived(60)
    share.close()
    share.arrived(60)
    share.processed(10)
    share.close()
    assert (held.total, held.connections) == (0, 0)
