import numpy as np

from speaker_tracker_stages.path_smoother import PathSmoother, best_path

CLEAR = [[0.8, 0.4]] * 5 + [[0.4, 0.8]] * 5


def test_a_clear_change_is_followed():
    assert best_path(np.array(CLEAR, np.float32)).tolist() == [0] * 5 + [1] * 5


def test_a_single_doubtful_window_does_not_change_the_speaker():
    doubtful = [*CLEAR[:4], [0.55, 0.6], *CLEAR[:4]]

    assert best_path(np.array(doubtful, np.float32)).tolist() == [0] * 9


def test_window_by_window_ends_where_all_at_once_does():
    similarities = np.random.default_rng(0).uniform(0, 1, (200, 3)).astype(np.float32)
    smoother = PathSmoother(3, memory=50)
    for row in similarities:
        smoother.push(row)

    assert smoother.tail(50).tolist() == best_path(similarities)[-50:].tolist()


def test_more_than_is_remembered_is_not_given():
    smoother = PathSmoother(2, memory=3)
    for row in np.array(CLEAR, np.float32):
        smoother.push(row)

    assert smoother.tail(10).tolist() == [1, 1, 1]
