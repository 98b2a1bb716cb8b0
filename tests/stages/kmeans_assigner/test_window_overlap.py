import numpy as np

from speaker_tracker_stages.hearing import Hearing


def hear(count, reach=2, hop=100, begins=()):
    """Windows that hear ``reach`` stretches on either side."""
    stretches = [(number * hop, (number + 1) * hop) for number in range(count)]
    heard = [(start - reach * hop, end + reach * hop) for start, end in stretches]
    return Hearing.of(stretches, heard, [number == 0 or number in begins for number in range(count)])


def test_a_window_hears_its_neighbours_as_far_as_it_reaches():
    hearing = hear(9)

    assert np.allclose(hearing.shares[4], [0, 0, 0.2, 0.2, 0.2, 0.2, 0.2, 0, 0])
    assert np.allclose(hearing.shares.sum(axis=1), 1)
    assert hearing.last.tolist() == [2, 3, 4, 5, 6, 7, 8, 8, 8]


def test_what_came_before_or_after_a_pause_is_not_heard():
    hearing = hear(8, begins=(4,))

    assert np.allclose(hearing.shares[3], [0, 1 / 3, 1 / 3, 1 / 3, 0, 0, 0, 0])
    assert np.allclose(hearing.shares[4], [0, 0, 0, 0, 1 / 3, 1 / 3, 1 / 3, 0])


def test_since_tells_what_is_heard_after_a_stretch_began():
    hearing = hear(9)

    assert np.allclose(hearing.since[4], [0.2, 0.4, 0.6, 0.8])
    assert np.allclose(hearing.since[8], [1 / 3, 2 / 3, 1, 1])
    assert np.allclose(hearing.since[0], [1 / 3, 2 / 3, 1, 1])


def test_a_window_that_heard_nothing_is_taken_for_its_own_stretch():
    hearing = Hearing.of([(0, 100), (100, 200)], [(0, 0), (0, 0)], [True, False])

    assert np.allclose(hearing.shares, np.eye(2))


def test_no_windows_hear_nothing():
    assert Hearing.of([], [], []).since.shape == (0, 1)
