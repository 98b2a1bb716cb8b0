import numpy as np
import pytest

from speaker_tracker.evaluation.verification import Trials, cosine_trials, equal_error_rate, window_starts


def trials(same, different):
    return Trials(np.array(same, float), np.array(different, float))


@pytest.mark.parametrize(
    ("same", "different", "rate"),
    [
        ([0.8, 0.9], [0.1, 0.2], 0.0),
        ([0.1, 0.2], [0.8, 0.9], 1.0),
        ([0.3, 0.7, 0.8, 0.9], [0.1, 0.2, 0.4, 0.25], 0.25),
        ([0.5, 0.5], [0.5, 0.5], 0.5),
    ],
)
def test_the_equal_error_rate_is_where_both_errors_are_equally_frequent(same, different, rate):
    assert equal_error_rate(trials(same, different)) == pytest.approx(rate)


def test_it_is_that_of_the_normal_distributions_that_scores_are_drawn_from():
    random = np.random.default_rng(0)
    drawn = trials(random.normal(1, 0.5, 20_000), random.normal(0, 0.5, 60_000))

    assert equal_error_rate(drawn) == pytest.approx(0.1587, abs=0.005)  # both tails end one standard deviation from their mean


def test_without_pairs_of_either_kind_there_is_no_rate():
    with pytest.raises(ValueError, match="pairs of windows of one speaker and of two"):
        equal_error_rate(trials([0.5], []))


def test_windows_of_one_utterance_are_not_compared():
    vectors = np.eye(3, dtype=np.float32)[[0, 0, 0, 1]] * 7
    found = cosine_trials(vectors, speakers=np.array([0, 0, 0, 1]), utterances=np.array([0, 0, 1, 2]))

    assert found.same.tolist() == [1, 1]
    assert found.different.tolist() == [0, 0, 0]


@pytest.mark.parametrize(("samples", "starts"), [(99, []), (100, [0]), (151, [25]), (250, [0, 150]), (1000, [0, 300, 600, 900])])
def test_windows_are_spread_over_the_utterance_and_do_not_overlap(samples, starts):
    assert window_starts(samples, 100) == starts
