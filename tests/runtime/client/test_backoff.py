import pytest

from speaker_tracker.client import Backoff, BadArgument
from speaker_tracker.client.backoff import Attempts


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def pauses(attempts, clock, failing_seconds=0.0):
    """All pauses until it gives up, where every attempt takes so long to fail."""
    taken = []
    while (pause := attempts.pause()) is not None:
        taken.append(pause)
        clock.now += pause + failing_seconds
    return taken


def test_pauses_grow_twofold_up_to_the_longest_less_a_half_at_most():
    clock = Clock()
    taken = pauses(Attempts(Backoff(attempts=6, first_seconds=1, longest_seconds=5), clock), clock)
    for pause, full in zip(taken, [1, 2, 4, 5, 5, 5], strict=True):
        assert full / 2 <= pause <= full


def test_two_clients_do_not_come_back_at_the_same_time():
    clock = Clock()
    assert pauses(Attempts(Backoff(), clock), clock) != pauses(Attempts(Backoff(), clock), clock)


def test_no_attempt_begins_after_the_time_to_give_up():
    clock = Clock()
    backoff = Backoff(attempts=1000, first_seconds=1, longest_seconds=1, give_up_seconds=30)
    assert 30 <= len(pauses(Attempts(backoff, clock), clock)) <= 60
    assert len(pauses(Attempts(backoff, clock), clock, failing_seconds=29.4)) == 1


def test_pauses_stay_the_longest_however_many_there_were():
    clock = Clock()
    backoff = Backoff(attempts=3000, first_seconds=1, longest_seconds=2, give_up_seconds=10_000)
    assert len(pauses(Attempts(backoff, clock), clock)) == 3000


def test_no_attempts_are_none():
    assert Attempts(Backoff(attempts=0)).pause() is None


def test_a_session_that_lasted_starts_the_count_anew_and_one_that_did_not_does_not():
    clock = Clock()
    attempts = Attempts(Backoff(attempts=2, first_seconds=1, longest_seconds=4), clock)
    assert len(pauses(attempts, clock)) == 2
    attempts.succeeded(9.9)
    assert attempts.pause() is None
    attempts.succeeded(10)
    assert len(pauses(attempts, clock)) == 2


def test_an_impossible_policy_is_rejected():
    with pytest.raises(BadArgument, match="longest_seconds less than first_seconds"):
        Backoff(first_seconds=5, longest_seconds=1)
    with pytest.raises(BadArgument, match="cannot be negative"):
        Backoff(attempts=-1)
