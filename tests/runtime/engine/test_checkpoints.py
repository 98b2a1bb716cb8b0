"""When a session is saved."""

from speaker_tracker.engine.checkpoints import IMPATIENCE, LONGEST_SECONDS, MOST_TIME, Checkpoints

SECOND = 16_000


def due(checkpoints, seconds, settled=True):
    return checkpoints.is_due(round(seconds * SECOND), lambda: settled)


def test_a_session_is_saved_every_interval_in_the_next_pause():
    checkpoints = Checkpoints(5.0)
    assert not due(checkpoints, 4.9)
    assert not due(checkpoints, 5.0, settled=False)
    assert due(checkpoints, 6.3)
    assert not due(checkpoints, 11.2)
    assert due(checkpoints, 11.3)


def test_a_session_without_any_pause_is_saved_nevertheless():
    checkpoints = Checkpoints(5.0)
    assert not due(checkpoints, 5.0 * IMPATIENCE - 0.1, settled=False)
    assert due(checkpoints, 5.0 * IMPATIENCE, settled=False)


def test_only_whole_milliseconds_are_saved_as_clients_count_in_them():
    checkpoints = Checkpoints(5.0)
    assert not checkpoints.is_due(5 * SECOND + 8, lambda: True)
    assert checkpoints.is_due(5 * SECOND + 16, lambda: True)


def test_clients_hear_of_what_is_stored_not_of_what_is_made():
    checkpoints = Checkpoints(5.0, position=2 * SECOND)
    assert checkpoints.stored_ms == 2000
    assert due(checkpoints, 7.0)
    assert checkpoints.stored_ms == 2000
    checkpoints.stored(7 * SECOND)
    checkpoints.stored(3 * SECOND)  # an earlier one that took longer
    assert checkpoints.stored_ms == 7000


def test_a_session_whose_saves_take_long_is_saved_less_often_and_within_bounds():
    checkpoints = Checkpoints(5.0)
    assert due(checkpoints, 5.0)
    checkpoints.took(0.001)
    assert due(checkpoints, 10.0)
    checkpoints.took(MOST_TIME * 20)
    assert not due(checkpoints, 29.9)
    assert due(checkpoints, 30.0)
    checkpoints.took(100.0)
    assert due(checkpoints, 30.0 + LONGEST_SECONDS)
