import numpy as np
import pytest

from speaker_tracker_stages.assigning.arrays import unit_length
from speaker_tracker_stages.assigning.evidence import Evidence, Item
from speaker_tracker_stages.kmeans_assigner.groupings import Groupings, Judge, renumbered
from speaker_tracker_stages.kmeans_assigner.likelihood import VoiceLikelihood
from speaker_tracker_stages.kmeans_assigner.observations import observations
from speaker_tracker_stages.kmeans_assigner.penalties import Penalties

LIKELIHOOD = VoiceLikelihood(within=0.4, between=0.6, style=0.03, channel=0.03, dimension=64)
PENALTIES = Penalties(change=1.0, new_voice=2.0, untracked=14.0)
TRUTH = np.repeat([0, 1, 0, 2, 1], [20, 15, 10, 20, 15])
SPLIT = np.repeat([0, 1, 3, 2, 4], [20, 15, 10, 20, 15])
WRONG = np.repeat([0, 1], [30, 50])


@pytest.fixture(scope="module")
def observed():
    evidence, noise = Evidence(max_recent=200, max_groups=20), np.random.default_rng(0)
    for number, voice in enumerate(TRUTH.tolist()):
        vector = unit_length(np.eye(32)[voice] + noise.normal(0, 0.1, 32)) * np.float32(0.3)
        start, end = number * 4000, (number + 1) * 4000
        evidence.recent.append(Item(vector, 0.3, [(start, end)], (start - 8000, end + 8000), number % 20 == 0))
    return observations(evidence, 1_000)


def judge(observed, num_speakers=3):
    return Judge(observed, LIKELIHOOD, PENALTIES, num_speakers)


def test_voices_are_numbered_as_they_first_appear():
    labels, counts = renumbered(np.array([[3, 3, 0, 3, 1], [0, 0, 0, 0, 0]]))

    assert labels.tolist() == [[0, 0, 1, 0, 2], [0, 0, 0, 0, 0]]
    assert counts.tolist() == [3, 1]


def test_groupings_side_by_side_have_the_statistics_and_scores_of_each_alone(observed):
    together = Groupings.of(observed, np.stack([TRUTH, SPLIT, WRONG]))
    scores = judge(observed).scores(together)

    for row, labels in enumerate((TRUTH, SPLIT, WRONG)):
        alone = Groupings.of(observed, labels[np.newaxis])
        assert np.allclose(together.voices_of(row).sums, alone.voices_of(0).sums)
        assert np.allclose(together.voices_of(row).evidence, alone.voices_of(0).evidence)
        assert scores[row] == pytest.approx(judge(observed).scores(alone)[0])
    assert scores.argmax() == 0


def test_voices_that_are_one_are_merged_and_others_are_not(observed):
    merged = judge(observed).merged(Groupings.of(observed, np.stack([SPLIT, TRUTH, WRONG])), np.zeros(3))

    assert merged.labels[0].tolist() == TRUTH.tolist()
    assert merged.labels[1].tolist() == TRUTH.tolist()
    assert merged.counts.tolist() == [3, 3, 2]
    again = Groupings.of(observed, merged.labels)
    assert np.allclose(merged.voices.sums, again.voices.sums)
    assert np.allclose(merged.voices.evidence, again.voices.evidence)


def test_nothing_is_merged_below_the_threshold(observed):
    merged = judge(observed).merged(Groupings.of(observed, SPLIT[np.newaxis]), np.array([1e6]))

    assert merged.labels[0].tolist() == renumbered(SPLIT[np.newaxis])[0][0].tolist()


def test_voices_beyond_those_tracked_are_the_last_to_be_heard(observed):
    untracked = judge(observed, 2).untracked(Groupings.of(observed, np.stack([TRUTH, WRONG])))

    assert untracked.tolist() == [[False, False, True], [False, False, False]]
