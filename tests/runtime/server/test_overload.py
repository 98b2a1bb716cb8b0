"""When another session may start, by what the lag of the others has been."""

import pytest

from speaker_tracker.protocol import ErrorCode
from speaker_tracker.server.overload import (
    CARRIED,
    MIN_SAMPLES,
    NEWCOMER_SECONDS,
    NEWCOMERS_WHILE_RISING,
    TRIAL_SECONDS,
    WINDOW_SECONDS,
    Overload,
)

LIMIT = 0.3


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def overload(clock):
    return Overload(LIMIT, 5, clock)


def note(overload, lag, times=100):
    for _ in range(times):
        overload.note(lag)


def let_in(overload, tries=50):
    return sum(overload.refusal() is None for _ in range(tries))


def test_everybody_is_let_in_while_nothing_is_known(overload):
    assert overload.p95() is None
    assert let_in(overload) == 50


def test_lag_is_known_to_a_tenth_once_there_are_enough_samples(overload):
    note(overload, 0.2, MIN_SAMPLES - 1)
    assert overload.p95() is None
    overload.note(0.2)
    assert overload.p95() == pytest.approx(0.2, rel=0.1)


def test_one_slow_answer_in_twenty_is_not_the_percentile_and_more_are(overload):
    note(overload, 0.01, 95)
    note(overload, 2.0, 5)
    assert overload.p95() == pytest.approx(0.01, rel=0.1)
    note(overload, 2.0, 3)
    assert overload.p95() == pytest.approx(2.0, rel=0.1)


def test_nobody_is_let_in_above_the_limit_and_the_sentence_says_so(overload):
    note(overload, 0.5)

    refusal = overload.refusal()

    assert refusal.code is ErrorCode.SERVER_BUSY
    assert "at its limit" in refusal.message
    assert "connect again later" in refusal.message


def test_a_server_that_was_above_the_limit_opens_only_once_lag_is_well_below(overload, clock):
    note(overload, 0.5)
    assert overload.refusal() is not None
    clock.now += WINDOW_SECONDS + 1
    note(overload, 0.25)
    assert overload.refusal() is not None
    clock.now += WINDOW_SECONDS + 1
    note(overload, 0.1)
    assert overload.refusal() is None


def test_lag_just_below_the_limit_closes_nothing_by_itself(overload):
    note(overload, 0.25)
    assert overload.refusal() is None


def test_old_lag_is_forgotten(overload, clock):
    note(overload, 5.0)
    assert overload.refusal() is not None
    clock.now += WINDOW_SECONDS + 0.6
    assert overload.p95() is None
    assert overload.refusal() is None


def test_few_are_let_in_at_once_while_lag_is_high_and_some_while_it_is_low(overload, clock):
    note(overload, 0.2)
    assert let_in(overload) == NEWCOMERS_WHILE_RISING
    assert "just taken" in overload.refusal().message
    clock.now += NEWCOMER_SECONDS
    assert let_in(overload) == NEWCOMERS_WHILE_RISING
    clock.now += WINDOW_SECONDS + 1
    note(overload, 0.02)
    assert let_in(overload) == 5


def test_a_limit_of_nothing_is_no_limit(clock):
    overload = Overload(0.0, 5, clock)
    note(overload, 60.0)
    assert let_in(overload) == 50
    assert overload.p95() is None


@pytest.mark.parametrize("lag", [0.0, 1e-9, 0.001, 1e6])
def test_any_lag_can_be_noted(overload, lag):
    note(overload, lag)
    assert overload.p95() > 0


def test_who_has_left_at_once_is_no_newcomer(overload):
    note(overload, 0.01)
    assert let_in(overload) == 5
    overload.ended(0.1)
    overload.ended(NEWCOMER_SECONDS)
    assert let_in(overload) == 1


def test_an_end_that_nobody_waits_for_does_no_harm(overload):
    note(overload, 0.01)
    overload.ended(0.1)
    assert let_in(overload) == 5


def test_no_more_sessions_come_back_than_were_carried_before_the_limit_was_passed(overload, clock):
    assert let_in(overload, 20) == 20
    clock.now += NEWCOMER_SECONDS
    note(overload, 0.5)
    assert overload.refusal() is not None
    for _ in range(5):
        overload.ended(60.0)
    clock.now += WINDOW_SECONDS + 1

    assert let_in(overload) == int(20 * CARRIED) - 15
    assert "as many sessions as it can carry" in overload.refusal().message


def test_one_more_is_tried_after_a_while_of_low_lag_only(overload, clock):
    assert let_in(overload, 20) == 20
    clock.now += NEWCOMER_SECONDS
    note(overload, 0.5)
    assert overload.refusal() is not None
    clock.now += WINDOW_SECONDS + 1
    for _ in range(3):
        note(overload, 0.2)  # not above the limit, and not well below it
        assert overload.refusal() is not None
        clock.now += TRIAL_SECONDS / 2
    clock.now += TRIAL_SECONDS

    assert [overload.refusal() is None for _ in range(3)] == [True, False, False]
