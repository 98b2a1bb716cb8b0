import numpy as np
import pytest

from speaker_tracker_stages.voice_clustering import Items, Separation, find_foreign, find_voices, unit

SEPARATION = Separation(distinct=0.8, doubt=0.2, foreign=0.3, min_seconds=1.5, foreign_seconds=4.0)
NO_SEED = np.empty((0, 64), np.float32)
DIRECTIONS = np.linalg.qr(np.random.default_rng(7).normal(size=(64, 64)))[0]


def voice(number, count, spread=0.08, seed=0):
    noise = np.random.default_rng(100 * number + seed).normal(0, spread, (count, 64))
    return unit(DIRECTIONS[number] + noise)


def items(*groups, seconds=0.25):
    vectors = np.concatenate(groups)
    return Items(vectors, np.ones(len(vectors)), np.full(len(vectors), seconds))


def test_voices_that_are_there_are_found():
    everything = items(voice(0, 40), voice(1, 30), voice(2, 20))
    found = find_voices(everything, 3, SEPARATION, NO_SEED)

    assert sorted(found.seconds(everything)) == [5.0, 7.5, 10.0]
    assert [len(set(found.labels[part])) for part in (slice(40), slice(40, 70), slice(70, 90))] == [1, 1, 1]


@pytest.mark.parametrize("allowed", [1, 2, 5])
def test_one_voice_is_never_split(allowed):
    assert len(find_voices(items(voice(0, 80)), allowed, SEPARATION, NO_SEED).centroids) == 1


def test_two_voices_stay_two_where_five_are_allowed():
    assert len(find_voices(items(voice(0, 40), voice(1, 40)), 5, SEPARATION, NO_SEED).centroids) == 2


def test_a_voice_heard_for_too_short_a_time_makes_no_speaker():
    assert len(find_voices(items(voice(0, 40), voice(1, 4)), 2, SEPARATION, NO_SEED).centroids) == 1
    assert len(find_voices(items(voice(0, 40), voice(1, 8)), 2, SEPARATION, NO_SEED).centroids) == 2


def test_a_single_item_is_one_voice():
    found = find_voices(items(voice(0, 1)), 2, SEPARATION, NO_SEED)

    assert found.labels.tolist() == [0]


def test_equal_items_are_one_voice():
    assert len(find_voices(items(np.repeat(voice(0, 1), 30, axis=0)), 3, SEPARATION, NO_SEED).centroids) == 1


def test_centroids_have_unit_length():
    found = find_voices(items(voice(0, 40), voice(1, 40)), 2, SEPARATION, NO_SEED)

    assert np.allclose(np.linalg.norm(found.centroids, axis=1), 1, atol=1e-5)


def test_a_further_voice_far_from_the_others_is_foreign():
    everything = items(voice(0, 40), voice(1, 40), voice(2, 20))
    two = find_voices(everything, 2, SEPARATION, NO_SEED)
    more = find_foreign(everything, two, SEPARATION)

    assert more is not None
    assert len(more.centroids) == 3


def test_where_all_voices_are_tracked_none_is_foreign():
    everything = items(voice(0, 40), voice(1, 40))

    assert find_foreign(everything, find_voices(everything, 2, SEPARATION, NO_SEED), SEPARATION) is None
