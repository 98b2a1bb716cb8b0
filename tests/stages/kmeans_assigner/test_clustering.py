import numpy as np
import pytest

from speaker_tracker_stages.assigning.arrays import unit_length
from speaker_tracker_stages.assigning.matching import SpokenOrder
from speaker_tracker_stages.kmeans_assigner.clustering import VoiceClustering
from speaker_tracker_stages.kmeans_assigner.likelihood import VoiceLikelihood
from speaker_tracker_stages.kmeans_assigner.observations import Observations
from speaker_tracker_stages.kmeans_assigner.penalties import Penalties
from speaker_tracker_stages.kmeans_assigner.window_overlap import WindowOverlap

DIRECTIONS = np.linalg.qr(np.random.default_rng(7).normal(size=(64, 64)))[0]
LIKELIHOOD = VoiceLikelihood(within=0.4, between=0.6, style=0.03, channel=0.03, dimension=64)
PENALTIES = Penalties(change=1.0, new_voice=0.0, untracked=14.0)


def voice(number, count, spread=0.08, seed=0):
    noise = np.random.default_rng(100 * number + seed).normal(0, spread, (count, 64))
    return unit_length(DIRECTIONS[number] + noise)


def observed(*turns, groups=0, evidence=0.3, reach=0, lookahead=0, heard_changes=None):
    """Windows that hear ``reach`` stretches on either side. ``heard_changes``: by stretch; None: there is no segmentation."""
    own = np.concatenate(turns)
    count = len(own) - groups
    stretches = [(number * 100, (number + 1) * 100) for number in range(count + lookahead)]
    heard = [(start - reach * 100, end + reach * 100) for start, end in stretches]
    overlap = WindowOverlap.of(stretches, heard, [number == 0 for number in range(count + lookahead)])
    vectors = np.concatenate([own, np.zeros((lookahead, 64))])
    vectors[groups:] = overlap.shares[:, :count] @ own[groups:]
    weights = np.repeat([evidence, 0.0], [len(own), lookahead])
    spans = [(number - groups) * 100 for number in range(len(own))]
    order = SpokenOrder(np.arange(len(own)), np.array([(start, start + 100) for start in spans], dtype=np.int64))
    changes = np.full(count + lookahead, np.nan if heard_changes is None else 0.0)
    for place, probability in (heard_changes or {}).items():
        changes[place] = probability
    return Observations(
        vectors.astype(np.float32), weights, np.full(len(vectors), 0.25), groups, overlap, order, changes, lookahead
    )


def find(observations, num_speakers, current=None, *, final=True):
    clustering = VoiceClustering(LIKELIHOOD, PENALTIES, num_speakers)
    current = np.zeros(len(observations.vectors), np.intp) if current is None else current
    return clustering.find(observations, current, final=final)


def test_voices_that_are_there_are_found():
    labels = find(observed(voice(0, 40), voice(1, 30), voice(2, 20)), 3)

    assert labels.tolist() == [0] * 40 + [1] * 30 + [2] * 20


@pytest.mark.parametrize("allowed", [1, 2, 5])
def test_one_voice_is_never_split(allowed):
    assert set(find(observed(voice(0, 80)), allowed)) == {0}


def styles(distance, count=200):
    """Windows of one voice in two styles, whose positions have this squared distance."""
    apart = np.sqrt(distance) * DIRECTIONS[9].astype(np.float32)
    return [voice(0, 20, seed=turn) + (turn % 2) * apart for turn in range(count // 20)]


@pytest.mark.parametrize("final", [False, True])
def test_two_styles_of_one_voice_are_one_voice_in_the_end(final):
    observations = observed(*styles(0.1))
    split = np.repeat(np.arange(10) % 2, 20)

    assert set(find(observations, 5, split, final=final)) == {0}
    assert set(find(observed(*styles(0.6)), 5)) == {0, 1}


def test_two_voices_stay_two_where_five_are_allowed():
    assert set(find(observed(voice(0, 40), voice(1, 40)), 5)) == {0, 1}


def test_a_voice_heard_for_too_short_a_time_makes_no_speaker():
    assert set(find(observed(voice(0, 40), voice(1, 2), evidence=0.03), 2)) == {0}
    assert set(find(observed(voice(0, 40), voice(1, 40), evidence=0.03), 2)) == {0, 1}


def test_items_of_little_evidence_make_no_speaker():
    assert set(find(observed(voice(0, 40), voice(1, 8), evidence=0.01), 2)) == {0}


def test_a_single_item_is_one_voice():
    assert find(observed(voice(0, 1)), 2).tolist() == [0]


def test_equal_items_are_one_voice():
    assert set(find(observed(np.repeat(voice(0, 1), 30, axis=0)), 3)) == {0}


def test_a_further_voice_is_told_apart_where_there_is_much_of_it():
    assert set(find(observed(voice(0, 40), voice(1, 40), voice(2, 40)), 2)) == {0, 1, 2}
    assert set(find(observed(voice(0, 40), voice(1, 40), voice(2, 1)), 2)) == {0, 1}


def test_items_in_no_order_go_to_their_voices_one_by_one():
    mixed = np.stack([voice(number % 2, 1, seed=number)[0] for number in range(60)])
    labels = find(observed(mixed, voice(0, 20), groups=60), 2)

    assert labels[:60].tolist() == [0, 1] * 30
    assert set(labels[60:]) == {0}


@pytest.mark.parametrize("final", [False, True])
def test_windows_that_hear_two_voices_are_no_third_one(final):
    turns = [voice(number % 2, 6 + number % 3, seed=number) for number in range(30)]
    labels = find(observed(*turns, reach=3), 4, final=final)

    truth = np.concatenate([np.full(len(turn), number % 2) for number, turn in enumerate(turns)])
    assert np.mean(labels == truth) > 0.99


def test_what_is_ahead_goes_to_the_voice_that_was_heard_there():
    labels = find(observed(voice(0, 40), voice(1, 20), voice(0, 1), reach=3, lookahead=3), 2)

    assert labels[:60].tolist() == [0] * 40 + [1] * 20
    assert len(labels) == 64


def test_a_grouping_that_is_right_already_is_left_alone():
    observations = observed(voice(0, 40), voice(1, 30))
    right = np.repeat([5, 3], [40, 30])

    assert find(observations, 2, right, final=False) is None
    assert find(observations, 2, right).tolist() == [0] * 40 + [1] * 30
    assert find(observations, 2, np.repeat([0, 1], [20, 50]), final=False).tolist() == [0] * 40 + [1] * 30


def test_voices_that_may_be_one_person_on_several_channels_are_one_only_if_nobody_else_is_there():
    likelihood = VoiceLikelihood(within=0.4, between=0.6, style=0.03, channel=0.12, dimension=64)
    noise = np.random.default_rng(3)

    def voices_found(*positions):
        turns = [position + noise.normal(0, 0.05, (60, 64)) for position in positions]
        labels = VoiceClustering(likelihood, PENALTIES, 5).find(observed(*turns), np.repeat(np.arange(len(turns)), 60), final=True)
        return len(set(labels.tolist()))

    channels = [0.62 * DIRECTIONS[0] + 0.4 * DIRECTIONS[number] for number in (1, 2, 3)]
    assert voices_found(*channels) == 1
    assert voices_found(*channels, 0.75 * DIRECTIONS[4]) > 2


@pytest.mark.parametrize("place", [16, 20])
def test_a_voice_changes_where_a_change_was_heard(place):
    like_both = np.tile(unit_length(DIRECTIONS[:1] + DIRECTIONS[1:2]), (4, 1))

    labels = find(observed(voice(0, 16), like_both, voice(1, 16), heard_changes={place: 1.0}), 2)

    assert labels.tolist() == [0] * place + [1] * (36 - place)
