import numpy as np

from speaker_tracker_stages.assigning.arrays import unit_length
from speaker_tracker_stages.assigning.evidence import Evidence, Item
from speaker_tracker_stages.kmeans_assigner.observations import observations
from speaker_tracker_stages.kmeans_assigner.proposals import MAX_ITEMS, kmeans_proposals


def hear(count, turn, lookahead=0):
    """Two voices in turn, in windows of a quarter of a second; the voice of each as well."""
    evidence, noise = Evidence(max_recent=5_000, max_groups=20), np.random.default_rng(0)
    truth = np.arange(count) // turn % 2
    for number, voice in enumerate(truth.tolist()):
        vector = unit_length(np.eye(32)[voice] + noise.normal(0, 0.1, 32)) * np.float32(0.3)
        stretch = (number * 4000, (number + 1) * 4000)
        evidence.recent.append(Item(vector, 0.3, [stretch], stretch, number == 0))
    ahead = [((count + number) * 4000, (count + number + 1) * 4000) for number in range(lookahead)]
    return observations(evidence, 1_000, ahead), truth


def propose(observed, current, most, starts):
    return [np.asarray(each) for each in kmeans_proposals(observed, current, most, starts)]


def is_same(labels, truth):
    return (labels == labels[0]).tolist() == (truth == truth[0]).tolist()


def test_each_number_of_voices_is_proposed_as_often_as_there_are_starts():
    observed, _ = hear(40, 10)
    proposals = propose(observed, np.zeros(40, np.intp), 4, 3)

    assert [int(labels.max()) + 1 for labels in proposals] == [2, 3, 4] * 3


def test_voices_that_are_there_are_found():
    observed, truth = hear(40, 10)

    assert is_same(propose(observed, np.zeros(40, np.intp), 2, 1)[0], truth)


def test_what_is_ahead_goes_with_the_last_window():
    observed, truth = hear(40, 10, lookahead=3)
    labels = propose(observed, np.zeros(43, np.intp), 2, 1)[0]

    assert is_same(labels[:40], truth)
    assert set(labels[40:]) == {labels[39]}


def test_of_many_windows_several_of_a_run_are_one_item():
    observed, truth = hear(4 * MAX_ITEMS, 30)
    labels = propose(observed, truth, 2, 1)[0]

    assert is_same(labels, truth)
    assert np.count_nonzero(np.diff(labels)) == np.count_nonzero(np.diff(truth))


def test_one_voice_alone_needs_no_proposal():
    observed, _ = hear(3, 3)

    assert propose(observed, np.zeros(3, np.intp), 1, 2) == []
