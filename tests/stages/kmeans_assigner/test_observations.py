import numpy as np
import pytest

from speaker_tracker_stages.assigning.arrays import unit_length
from speaker_tracker_stages.assigning.evidence import Evidence, Item
from speaker_tracker_stages.kmeans_assigner.observations import observations, purity

VOICES = np.eye(8, dtype=np.float32)


def hear(count, turn=20):
    """Two voices in turn; windows hear the stretches beside their own."""
    evidence, noise = Evidence(max_recent=100, max_groups=20), np.random.default_rng(0)
    for number in range(count):
        who = number // turn % 2
        vector = unit_length(VOICES[who] + noise.normal(0, 0.1, 8).astype(np.float32))
        start, end = number * 4000, (number + 1) * 4000
        evidence.recent.append(Item(vector, 1.0, [(start, end)], (start - 4000, end + 4000), number == 0, label=who, voice=who))
        evidence.condense(purity)
    return evidence


def test_weights_and_seconds_add_up():
    evidence = hear(1_000)
    observed = observations(evidence, 10_000)
    changes = (1_000 - len(evidence.recent)) // 20

    assert 1_000 - 2 * changes <= observed.evidence.sum() <= 1_000 - 1.75 * changes, "windows at a change have no evidence"
    assert np.isclose(observations(evidence, 200).evidence.sum(), 200)
    assert observed.groups == len(evidence.groups) > 0
    assert np.isclose(observed.seconds.sum(), 1_000 * 0.25)
    assert np.allclose(np.linalg.norm(observed.vectors[observed.groups :], axis=1), 1, atol=1e-5)


def test_the_lookahead_comes_last_and_has_no_evidence():
    observed = observations(hear(50), 10_000, [(200_000, 204_000), (204_000, 208_000)])

    assert observed.lookahead == 2
    assert observed.evidence[-3:].tolist() == [1.0, 0.0, 0.0]
    assert observed.overlap.shares[49, 48:].tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0])


def test_statistics_are_shared_out_by_what_windows_hear():
    observed = observations(hear(40), 10_000)
    statistics = observed.statistics(np.repeat([0, 1], 20))

    assert statistics.evidence.sum() == pytest.approx(40)
    assert statistics.evidence[0, 1] == pytest.approx(2 * 1 / 3 * 2 / 3), "two windows hear both voices"


def test_purity_is_the_share_of_the_own_voice():
    shares = purity(hear(40).recent)

    assert shares[[19, 20]] == pytest.approx(2 / 3)
    assert shares[[0, 18, 21, 39]] == pytest.approx(1)
