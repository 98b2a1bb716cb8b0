"""What a client may send at once and in the long run."""

import pytest

from speaker_tracker.server.message_rate import BURST_SECONDS, MessageRate

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
    return MessageRate(RATE, clock)


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
