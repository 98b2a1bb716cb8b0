import numpy as np
import pytest
from scipy.stats import multivariate_normal

from speaker_tracker_stages.kmeans_assigner.likelihood import EVIDENCE_FLOOR, VoiceLikelihood, VoiceStatistics

LIKELIHOOD = VoiceLikelihood(within=0.4, between=0.6, style=0.03, channel=0.03, dimension=64)
NOTHING = VoiceStatistics(np.zeros((1, 64)), np.zeros((1, 1)))


def windows(count, seed=0):
    """Of one voice."""
    random = np.random.default_rng(seed)
    vectors = random.normal(0, np.sqrt(0.6 / 64), 64) + random.normal(0, np.sqrt(0.4 / 64), (count, 64))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def voice(vectors, evidence=1.0):
    return VoiceStatistics.of(vectors, np.full(len(vectors), evidence), np.ones((len(vectors), 1)))


def of_window(vector, known, evidence=1.0):
    (position,), uncertainty = LIKELIHOOD.positions(known), 1 / (known.evidence[0, 0] + LIKELIHOOD.prior_precision(1)[0, 0])
    return float(LIKELIHOOD.predictive(position @ vector, position @ position, uncertainty, evidence))


@pytest.mark.parametrize("evidence", [1.0, 0.3])
def test_windows_one_after_the_other_are_as_likely_as_all_at_once(evidence):
    vectors = windows(6)
    alone = -0.5 * 64 / (0.4 / evidence)  # what predictive leaves out of a window, marginal does not

    one_by_one = sum(of_window(vectors[index], voice(vectors[:index], evidence), evidence) - alone for index in range(6))

    assert one_by_one == pytest.approx(LIKELIHOOD.marginal(voice(vectors, evidence)), rel=1e-6)


def test_a_window_goes_with_its_own_voice_and_one_never_heard_is_new():
    known, other = voice(windows(20, seed=1)), voice(windows(20, seed=2))
    own, stranger = windows(21, seed=1)[-1], windows(1, seed=3)[0]

    assert of_window(own, known) > of_window(own, NOTHING) > of_window(own, other)
    assert of_window(stranger, NOTHING) > max(of_window(stranger, known), of_window(stranger, other))


def test_one_voice_is_likelier_whole_and_two_apart():
    first, second = windows(20, seed=1), windows(20, seed=2)
    split = VoiceStatistics.of(first, np.ones(20), np.eye(2)[np.repeat([0, 1], 10)])
    assert LIKELIHOOD.marginal(voice(first)) > LIKELIHOOD.marginal(split)

    both = np.concatenate([first, second])
    apart = VoiceStatistics.of(both, np.ones(40), np.eye(2)[np.repeat([0, 1], 20)])
    assert LIKELIHOOD.marginal(apart) > LIKELIHOOD.marginal(voice(both))


def test_windows_that_hear_two_voices_are_explained_by_their_shares():
    first, second = windows(20, seed=1), windows(20, seed=2)
    between = np.stack([0.5 * (one + other) for one, other in zip(windows(26, seed=1)[20:], windows(26, seed=2)[20:], strict=True)])
    everything, evidence = np.concatenate([first, between, second]), np.ones(46)

    def likelihood(voices_between):
        shares = np.concatenate([np.eye(3)[[0] * 20], voices_between, np.eye(3)[[1] * 20]])
        return LIKELIHOOD.marginal(VoiceStatistics.of(everything, evidence, shares[:, shares.any(axis=0)]))

    half = np.tile([0.5, 0.5, 0.0], (6, 1))
    assert likelihood(half) > max(likelihood(np.eye(3)[[voice] * 6]) for voice in range(3))


def test_positions_are_learnt_from_shares_alone():
    positions = np.eye(64)[:2]
    shares = np.array([[0.25, 0.75], [0.75, 0.25], [0.5, 0.5], [0.9, 0.1]])
    found = LIKELIHOOD.positions(VoiceStatistics.of((shares @ positions).astype(np.float32), np.full(4, 1e6), shares))

    assert np.allclose(found, positions, atol=1e-4)


def log_odds(first, second):
    everything = np.concatenate([first, second])
    voices = VoiceStatistics.of(everything, np.ones(len(everything)), np.eye(2)[np.repeat([0, 1], [len(first), len(second)])])
    return LIKELIHOOD.merge_log_odds(voices.sums @ voices.sums.T, np.linalg.inv(voices.evidence + EVIDENCE_FLOOR * np.eye(2)))[1, 0]


def in_another_style(vectors, distance):
    """``distance``: squared, of the positions."""
    direction = np.random.default_rng(9).normal(size=64)
    return (vectors + np.sqrt(distance) * direction / np.linalg.norm(direction)).astype(np.float32)


@pytest.mark.parametrize("count", [10, 100, 1000])
def test_two_styles_of_a_voice_are_one_voice_however_much_is_heard(count):
    vectors = windows(2 * count, seed=1)

    assert log_odds(vectors[:count], in_another_style(vectors[count:], 0.06)) > 10
    assert log_odds(vectors[:count], windows(count, seed=2)) < -100


def test_a_voice_with_little_evidence_may_be_any_other():
    assert abs(log_odds(windows(20, seed=1), 0.01 * windows(1, seed=2))) < 10


def test_a_window_without_evidence_says_nothing():
    known = voice(windows(5))
    assert of_window(windows(1, seed=4)[0], known, 1e-9) == pytest.approx(of_window(windows(1, seed=4)[0], NOTHING, 1e-9), abs=1e-4)


# -- the model of docs/assigner.md, written out as normal densities --------------------------------------------------------------


def log_density(vectors, covariance):
    """Of ``vectors``, shape ``(n, D)``, whose directions are independent and have this covariance over the windows, ``(n, n)``."""
    return sum(multivariate_normal(cov=covariance).logpdf(direction) for direction in vectors.T)


def test_the_marginal_likelihood_is_that_of_the_generative_story():
    random = np.random.default_rng(0)
    model = VoiceLikelihood(within=0.4, between=0.6, style=0.03, channel=0.03, dimension=8)
    vectors, evidence = random.normal(0, 0.3, (6, 8)).astype(np.float32), random.uniform(0.2, 1, 6)
    one, two = np.ones((6, 1)), np.array([[1, 0], [1, 0], [0.7, 0.3], [0.4, 0.6], [0, 1], [0, 1]])

    def exact(shares):
        return log_density(vectors, 0.6 / 8 * shares @ shares.T + np.diag(0.4 / 8 / evidence))

    def marginal(shares):
        return model.marginal(VoiceStatistics.of(vectors, evidence, shares))

    assert marginal(two) - marginal(one) == pytest.approx(exact(two) - exact(one), rel=1e-5)


@pytest.mark.parametrize("distance", [0.05, 0.5])
def test_merge_log_odds_are_those_of_two_styles_against_two_voices_where_both_are_heard_alike(distance):
    model = VoiceLikelihood(within=0.4, between=0.6, style=0.03, channel=0.03, dimension=8)
    random = np.random.default_rng(1)
    first = random.normal(0, 0.4, 8)  # no closer to the origin than voices are, so nothing is attenuated
    estimates = np.stack([first, first + np.sqrt(distance / 8)])
    precision, error = 5.0, 0.4 / 5.0

    one_voice = np.array([[0.6 + error, 0.6 - 0.03], [0.6 - 0.03, 0.6 + error]]) / 8
    two_voices = np.diag([0.6 + error, 0.6 + error]) / 8
    sums = precision * estimates
    found = model.merge_log_odds(sums @ sums.T, np.eye(2) / precision)[1, 0]

    assert found == pytest.approx(log_density(estimates, one_voice) - log_density(estimates, two_voices), rel=1e-6)


def merge_log_odds(model, estimates, precision=1000.0, **options):
    sums = precision * np.stack(estimates)
    return float(model.merge_log_odds(sums @ sums.T, np.eye(2) / precision, **options)[1, 0])


def test_voices_that_noise_has_brought_close_together_are_told_apart_like_those_without_noise():
    model = VoiceLikelihood(within=0.4, between=0.6, style=0.03, channel=0.1, dimension=64)
    one, other = np.eye(64)[0] * 0.77, np.array([0.6, 0.5, *[0.0] * 62])
    assert merge_log_odds(model, [one, other]) < 0
    # In noise all positions lie closer to the origin; their distance alone would make them one.
    assert merge_log_odds(model, [one * 0.7, other * 0.7]) < 0
    assert merge_log_odds(model, [one, one + (other - one) * 0.7]) > 0


def test_where_nobody_else_is_heard_a_change_of_channel_is_no_other_voice():
    model = VoiceLikelihood(within=0.4, between=0.6, style=0.03, channel=0.1, dimension=64)
    here, there = np.eye(64)[0] * 0.77, np.array([0.6, 0.5, *[0.0] * 62])
    assert merge_log_odds(model, [here, there]) < 0 < merge_log_odds(model, [here, there], alone=True)


def test_what_voices_have_in_common_is_integrated_out():
    model = VoiceLikelihood(within=0.4, between=0.4, style=0.03, channel=0.1, dimension=8, common=0.2)
    random = np.random.default_rng(0)
    vectors, shares = random.normal(0, 0.3, (6, 8)), np.eye(2)[[0, 0, 0, 1, 1, 0]]
    evidence = random.uniform(0.3, 1.0, 6)
    marginals = [model.marginal(VoiceStatistics.of(vectors.astype(np.float32), evidence, part)) for part in (shares, shares[::-1])]

    def exact(part):
        """Log density of the windows; what does not depend on the voices cancels out in the difference."""
        covariance = part @ (0.4 * np.eye(2) + 0.2) @ part.T + np.diag(0.4 / evidence)
        return sum(multivariate_normal.logpdf(column, cov=covariance / 8) for column in vectors.T)

    assert marginals[0] - marginals[1] == pytest.approx(exact(shares) - exact(shares[::-1]), rel=1e-4)


def test_a_voice_never_heard_is_expected_where_the_others_are():
    model = VoiceLikelihood(within=0.4, between=0.4, style=0.03, channel=0.1, dimension=64, common=0.2)
    both = np.concatenate([windows(20, seed=1), windows(20, seed=2)])
    known = VoiceStatistics.of(both, np.ones(40), np.eye(3)[np.repeat([0, 1], 20)])

    first, second, never_heard = model.positions(known)

    np.testing.assert_allclose(never_heard, (first + second) * 0.2 / (0.4 + 2 * 0.2), atol=1e-9)
