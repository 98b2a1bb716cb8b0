import numpy as np

from speaker_tracker_stages.best_path import best_path

CLEAR = [[8.0, 4.0]] * 5 + [[4.0, 8.0]] * 5


def test_a_clear_change_is_followed():
    assert best_path(np.array(CLEAR), 3.0).tolist() == [0] * 5 + [1] * 5


def test_a_single_doubtful_window_does_not_change_the_speaker():
    doubtful = [*CLEAR[:4], [5.0, 6.0], *CLEAR[:4]]

    assert best_path(np.array(doubtful), 3.0).tolist() == [0] * 9
    assert best_path(np.array(doubtful), 0.0).tolist() == [0] * 4 + [1] + [0] * 4


def test_no_path_is_better():
    scores, price = np.random.default_rng(0).normal(0, 2, (7, 3)), 1.5

    def total(path):
        return sum(scores[index, voice] for index, voice in enumerate(path)) - price * np.count_nonzero(np.diff(path))

    paths = np.stack(np.meshgrid(*[range(3)] * 7), axis=-1).reshape(-1, 7)
    assert np.isclose(total(best_path(scores, price)), max(total(path) for path in paths))


def test_no_windows_have_an_empty_path():
    assert best_path(np.empty((0, 2)), 1.0).tolist() == []
