"""What a client may send at once and in the long run."""

import asyncio
import time

import pytest

from speaker_tracker.server.message_rate import BURST_SECONDS, PACE_FACTOR, UNHURRIED, MessageRate, Pace

RATE = 100.0


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def rate(clock):
    return MessageRate(RATE, clock=clock)


def test_a_burst_is_within_the_limit_and_one_more_is_not(rate):
    assert all(rate.debt(0) == 0 for _ in range(int(RATE * BURST_SECONDS)))
    assert rate.debt(0) == pytest.approx(1 / RATE)


def test_the_limit_holds_in_the_long_run(rate, clock):
    for _ in range(int(RATE * BURST_SECONDS)):
        rate.debt(0)
    for _ in range(1000):
        clock.now += 1 / RATE
        assert rate.debt(0) == pytest.approx(0, abs=1e-6)
    assert rate.debt(0) > 0


def test_time_in_which_nothing_is_sent_saves_up_one_burst_and_no_more(rate, clock):
    clock.now += 3600
    assert all(rate.debt(0) == 0 for _ in range(int(RATE * BURST_SECONDS)))
    assert rate.debt(0) > 0


def test_audio_in_frames_that_are_long_enough_pays_for_itself(rate):
    assert all(rate.debt(int(32_000 / RATE)) == 0 for _ in range(10_000))


def test_shorter_frames_pay_for_their_part(rate):
    paid = 0
    while not rate.debt(int(16_000 / RATE)):
        paid += 1
    assert paid == pytest.approx(2 * RATE * BURST_SECONDS, abs=2)


async def read(pace, seconds):
    """How many frames of a sample are read of one connection in this time."""
    account, end, number = pace.account(), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        await pace.keep(account, 2)
        number += 1
        await asyncio.sleep(0)
    return number


async def test_short_frames_are_read_at_a_pace_that_many_connections_share():
    pace = Pace(10)
    alone = await read(pace, 1.0)
    assert alone < 2.5 * PACE_FACTOR * 10
    together = await asyncio.gather(*(read(pace, 1.0) for _ in range(5 * UNHURRIED)))
    assert sum(together) / len(together) < alone
