import numpy as np

from speaker_tracker_stages.kmeans_assigner.window_overlap import RunningOverlap, WindowOverlap


def hear(count, reach=2, hop=100, pauses=()):
    """Windows that hear ``reach`` stretches on either side."""
    stretches = [(number * hop, (number + 1) * hop) for number in range(count)]
    heard = [(start - reach * hop, end + reach * hop) for start, end in stretches]
    return WindowOverlap.of(stretches, heard, [number == 0 or number in pauses for number in range(count)])


def test_a_window_hears_its_neighbours_as_far_as_it_reaches():
    overlap = hear(9)

    assert np.allclose(overlap.shares[4], [0, 0, 0.2, 0.2, 0.2, 0.2, 0.2, 0, 0])
    assert np.allclose(overlap.shares.sum(axis=1), 1)
    assert overlap.last.tolist() == [2, 3, 4, 5, 6, 7, 8, 8, 8]


def test_what_came_before_or_after_a_pause_is_not_heard():
    overlap = hear(8, pauses=(4,))

    assert np.allclose(overlap.shares[3], [0, 1 / 3, 1 / 3, 1 / 3, 0, 0, 0, 0])
    assert np.allclose(overlap.shares[4], [0, 0, 0, 0, 1 / 3, 1 / 3, 1 / 3, 0])


def test_since_tells_what_is_heard_after_a_stretch_began():
    overlap = hear(9)

    assert np.allclose(overlap.since[4], [0.2, 0.4, 0.6, 0.8])
    assert np.allclose(overlap.since[8], [1 / 3, 2 / 3, 1, 1])
    assert np.allclose(overlap.since[0], [1 / 3, 2 / 3, 1, 1])


def test_a_window_that_heard_nothing_is_taken_for_its_own_stretch():
    overlap = WindowOverlap.of([(0, 100), (100, 200)], [(0, 0), (0, 0)], [True, False])

    assert np.allclose(overlap.shares, np.eye(2))


def test_no_windows_hear_nothing():
    assert WindowOverlap.of([], [], []).since.shape == (0, 1)


def test_while_speech_goes_on_stretches_that_no_window_heard_before_are_counted_as_new():
    overlap = RunningOverlap()
    counts = [overlap.add((start, start + 100), (start - 200, start + 300)) for start in range(0, 500, 100)]

    assert counts == [3, 1, 1, 1, 1]
    assert overlap.lookahead_spans == [(500, 600), (600, 700)]
    assert np.allclose(overlap.shares((200, 700)), 0.2)


def test_while_speech_goes_on_a_window_hears_nothing_from_before_a_pause():
    overlap = RunningOverlap()
    overlap.add((0, 100), (0, 300))
    overlap.clear()
    overlap.add((1000, 1100), (0, 1100))

    assert overlap.lookahead == 0
    assert overlap.shares((0, 1100)).tolist() == [1.0]


def test_while_speech_goes_on_a_window_that_heard_nothing_is_taken_for_its_own_stretch():
    overlap = RunningOverlap()
    overlap.add((0, 100), (0, 0))

    assert overlap.shares((0, 0)).tolist() == [1.0]
