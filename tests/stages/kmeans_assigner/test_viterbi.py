from itertools import pairwise, product

import numpy as np
import pytest

from speaker_tracker_stages.kmeans_assigner.viterbi import best_paths
from speaker_tracker_stages.kmeans_assigner.window_overlap import WindowOverlap

CLEAR = [[8.0, 4.0]] * 5 + [[4.0, 8.0]] * 5


def overlap_of(count, reach=0, pauses=()):
    stretches = [(number * 100, (number + 1) * 100) for number in range(count)]
    heard = [(start - reach * 100, end + reach * 100) for start, end in stretches]
    return WindowOverlap.of(stretches, heard, [number in pauses for number in range(count)])


def best_path(scores, distances, weights, overlap, penalties):
    return best_paths(scores[np.newaxis], distances[np.newaxis], weights, overlap, penalties[np.newaxis])[0]


def path(scores, penalty, *, pause=0.0, pauses=()):
    scores = np.array(scores)
    no_distances = np.zeros((scores.shape[1], scores.shape[1]))
    heard = overlap_of(len(scores), 0, pauses)
    penalties = np.where(heard.after_pause, pause, penalty)
    return best_path(scores, no_distances, np.ones(len(scores)), heard, penalties).tolist()


def test_a_clear_change_is_followed():
    assert path(CLEAR, 3.0) == [0] * 5 + [1] * 5


def test_a_single_doubtful_window_does_not_change_the_speaker():
    doubtful = [*CLEAR[:4], [5.0, 6.0], *CLEAR[:4]]

    assert path(doubtful, 3.0) == [0] * 9
    assert path(doubtful, 0.0) == [0] * 4 + [1] + [0] * 4


def test_a_change_costs_less_after_a_pause():
    scores = [[2.0, 0.0]] * 2 + [[0.0, 1.0]] * 2

    assert path(scores, 5.0, pause=0.5) == [0] * 4
    assert path(scores, 5.0, pause=0.5, pauses=(0, 2)) == [0, 0, 1, 1]


def test_a_change_falls_where_it_costs_least():
    scores = np.array([[3.0, 0.0]] * 3 + [[1.0, 1.0]] * 3 + [[0.0, 3.0]] * 3)
    penalties = np.full(9, 3.0)
    penalties[5] = 1.0

    assert path(scores, penalties) == [0] * 5 + [1] * 4


@pytest.mark.parametrize(("reach", "pauses"), [(0, (0,)), (1, (0,)), (2, (0, 5)), (1, (0, 3, 4)), (2, ())])
def test_no_path_is_better(reach, pauses):
    random = np.random.default_rng(reach)
    positions = random.normal(0, 1, (3, 4))
    distances = np.square(positions[:, np.newaxis] - positions).sum(axis=2)
    scores, weights, heard = random.normal(0, 2, (8, 3)), random.uniform(0.1, 1, 8), overlap_of(8, reach, pauses)
    penalties, pause = 1.5 + 3 * reach + random.uniform(-1, 1, 8), 0.3

    def total(voices):
        shares = heard.shares @ np.eye(3)[list(voices)]
        mixed = 0.5 * np.einsum("nk,kl,nl->n", shares, distances, shares)
        changes = [
            pause if heard.after_pause[index] else penalties[index] for index in range(1, 8) if voices[index] != voices[index - 1]
        ]
        return (shares * scores).sum() + (weights * mixed).sum() - sum(changes)

    def is_exact(voices):
        """No window hears two changes."""
        ends = [index for index in range(1, 8) if voices[index] != voices[index - 1] and not heard.after_pause[index]]
        return all(later - earlier > 2 * reach for earlier, later in pairwise(ends))

    found = best_path(scores, distances, weights, heard, np.where(heard.after_pause, pause, penalties)).tolist()
    assert is_exact(found)
    assert np.isclose(total(found), max(total(voices) for voices in product(range(3), repeat=8) if is_exact(voices)))


def test_windows_that_hear_a_change_tell_where_it_is():
    positions = np.eye(2)
    truth = np.repeat([0, 1, 0], [9, 7, 9])
    heard = overlap_of(25, reach=3)
    vectors = heard.shares @ positions[truth]
    scores = 10 * (2 * vectors @ positions.T - 1)

    distances = 2 - 2 * np.eye(2)
    found = best_path(scores, distances, np.full(25, 10.0), heard, np.full(25, 3.0))
    assert found.tolist() == truth.tolist()


def test_no_windows_have_an_empty_path():
    assert path(np.empty((0, 2)), 1.0) == []


def test_groupings_side_by_side_have_the_paths_that_each_has_alone():
    random = np.random.default_rng(5)
    positions, counts = random.normal(0, 1, (3, 4, 5)), np.array([4, 1, 3])
    distances = np.square(positions[:, :, np.newaxis] - positions[:, np.newaxis]).sum(axis=3)
    scores, weights, penalties = random.normal(0, 2, (3, 30, 4)), random.uniform(0.1, 1, 30), random.uniform(3, 5, (3, 30))
    heard = overlap_of(30, 2, (0, 11, 12, 20))

    present = np.arange(4) < counts[:, np.newaxis, np.newaxis]
    together = best_paths(np.where(present, scores, -np.inf), distances, weights, heard, penalties)

    for row, count in enumerate(counts.tolist()):
        alone = best_path(scores[row, :, :count], distances[row, :count, :count], weights, heard, penalties[row])
        assert together[row].tolist() == alone.tolist()
