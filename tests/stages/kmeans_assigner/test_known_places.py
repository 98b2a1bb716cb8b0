"""Prints are evidence of where voices are, of persons who are each one voice."""

import numpy as np
import pytest

from speaker_tracker.events import VoiceCalibration
from speaker_tracker.protocol import KnownVoice, Voiceprint
from speaker_tracker_stages.assigning.arrays import unit_length
from speaker_tracker_stages.assigning.matching import SpokenOrder
from speaker_tracker_stages.assigning.recognition import Recognition
from speaker_tracker_stages.kmeans_assigner.beam_search import BeamSearch
from speaker_tracker_stages.kmeans_assigner.clustering import VoiceClustering
from speaker_tracker_stages.kmeans_assigner.known_places import MAX_CANDIDATES, NOBODY_KNOWN, KnownPlaces
from speaker_tracker_stages.kmeans_assigner.likelihood import VoiceLikelihood, VoiceStatistics
from speaker_tracker_stages.kmeans_assigner.observations import Observations
from speaker_tracker_stages.kmeans_assigner.penalties import Penalties
from speaker_tracker_stages.kmeans_assigner.window_overlap import WindowOverlap

LIKELIHOOD = VoiceLikelihood(within=0.4, between=0.6, style=0.03, channel=0.05, dimension=64)
PENALTIES = Penalties(change=1.0, new_voice=2.0, untracked=14.0)
MEASURED = VoiceCalibration(
    within_variance=0.4,
    between_variance=0.6,
    common_variance=0.0,
    style_variance=0.03,
    channel_variance=0.02,
    effective_dimension=13.0,
    evidence_by_seconds=((1.5, 1.0),),
    equal_error_rate=0.0,
    measured_on="nobody",
)
DIRECTIONS = np.linalg.qr(np.random.default_rng(7).normal(size=(64, 64)))[0]
LENGTH = np.sqrt(0.6)


def places(*directions, names=None):
    names = names or [f"person {number}" for number in range(len(directions))]
    prints = [Voiceprint.of("test", 1, (LENGTH * unit_length(each)).tolist(), 40.0) for each in directions]
    known = [KnownVoice(name=name, voiceprint=voiceprint) for name, voiceprint in zip(names, prints, strict=True)]
    return KnownPlaces(Recognition.of(known, MEASURED), LIKELIHOOD)


def voices(*directions, evidence=10.0):
    means = np.stack([LENGTH * unit_length(each) for each in directions])
    return VoiceStatistics(evidence * means, evidence * np.eye(len(directions)))


def window(direction):
    return unit_length(DIRECTIONS[direction]).astype(np.float32)


def test_candidates_are_the_prints_that_a_window_sounds_like():
    known = places(*DIRECTIONS[:10])

    assert known.candidates(window(4), 0.3).tolist() == [4]
    assert known.candidates(window(20), 0.3).tolist() == []
    alike = places(*[DIRECTIONS[0] + 0.2 * DIRECTIONS[other] for other in range(1, 8)])
    assert len(alike.candidates(window(0), 0.3)) == MAX_CANDIDATES


def test_a_voice_has_the_print_that_it_sounds_like_and_a_stranger_none():
    known = places(*DIRECTIONS[:3])

    assert known.of_voices(voices(DIRECTIONS[2], DIRECTIONS[9], DIRECTIONS[0])).tolist() == [2, NOBODY_KNOWN, 0]


def test_a_person_is_one_voice():
    known = places(DIRECTIONS[0])
    two = voices(DIRECTIONS[0] + 0.1 * DIRECTIONS[5], DIRECTIONS[0] - 0.3 * DIRECTIONS[5])

    assert known.of_voices(two).tolist() == [0, NOBODY_KNOWN]


def test_of_several_prints_of_a_person_the_one_that_is_most_alike_counts():
    known = places(DIRECTIONS[0] + 0.3 * DIRECTIONS[5], DIRECTIONS[0] - 0.3 * DIRECTIONS[5], names=["Anna", "Anna"])

    assert known.of_voices(voices(DIRECTIONS[0] - 0.2 * DIRECTIONS[5])).tolist() == [1]


def test_a_voice_that_nothing_is_known_of_is_nobody_s():
    known = places(DIRECTIONS[0])
    unheard = VoiceStatistics(np.zeros((1, 64)), np.zeros((1, 1)))

    assert known.of_voices(unheard).tolist() == [NOBODY_KNOWN]
    assert known.gain(unheard) == 0.0


def test_a_grouping_gains_by_known_voices_and_not_by_strangers():
    known = places(*DIRECTIONS[:2])

    assert known.gain(voices(DIRECTIONS[8])) == 0.0
    one, both = known.gain(voices(DIRECTIONS[0])), known.gain(voices(DIRECTIONS[0], DIRECTIONS[1]))
    assert 0 < one < both


def test_what_the_session_changed_of_the_recognized_is_expected_of_the_others():
    known = places(*DIRECTIONS[:4])
    shift = 0.15 * DIRECTIONS[30]
    heard = VoiceStatistics(30.0 * (LENGTH * DIRECTIONS[:2] + shift), 30.0 * np.eye(2))
    known.adapt(heard)

    moved = known.vectors - LENGTH * DIRECTIONS[:4]
    assert moved == pytest.approx(np.tile(moved[0], (4, 1)), abs=1e-3)
    assert 0.3 < moved[3] @ DIRECTIONS[30] / 0.15 < 1.0


def test_prints_go_back_when_nobody_is_recognized_any_more():
    known = places(*DIRECTIONS[:2])
    before = known.vectors
    known.adapt(VoiceStatistics(30.0 * (LENGTH * DIRECTIONS[:1] + 0.15 * DIRECTIONS[30]), 30.0 * np.eye(1)))
    known.adapt(voices(DIRECTIONS[40]))

    assert known.vectors == pytest.approx(before)


def hear(search, directions, evidence=0.3):
    for number, direction in enumerate(directions):
        stretch = (number * 100, (number + 1) * 100)
        search.push(window(direction), evidence, stretch, stretch, after_pause=number == 0)
    return search.best_labels(len(directions)).tolist()


def begin(known):
    return BeamSearch(LIKELIHOOD, PENALTIES, 64, num_speakers=2, memory=100, known=known)


def test_the_first_word_of_a_known_voice_is_worth_its_print():
    """A voice introduced by its print is as certain as one that the search was begun with, print included."""
    known = places(DIRECTIONS[0], DIRECTIONS[1])
    introduced, begun = begin(known), begin(known)
    nothing = VoiceStatistics(np.zeros((1, 64)), np.zeros((1, 1)))
    begun.restart(nothing, np.ones(1, bool), np.zeros(1, np.intp), np.array([0]))
    mixed = unit_length(DIRECTIONS[0] + 0.8 * DIRECTIONS[20])
    for search in (introduced, begun):
        assert hear(search, [0]) == [0]
        search.push(mixed, 0.3, (100, 200), (100, 200))

    assert introduced.confidence(1)[0] == pytest.approx(begun.confidence(1)[0], abs=0.02)


def test_a_known_voice_is_told_apart_at_its_first_window():
    """A window half way to a stranger's is enough where the voice is known, and not where it is not."""
    unclear = unit_length(0.5 * DIRECTIONS[0] + DIRECTIONS[1])
    said = {}
    for name, known in (("plain", None), ("known", places(DIRECTIONS[0], DIRECTIONS[1]))):
        search = begin(known)
        hear(search, [0] * 6)
        search.push(unclear, 0.3, (600, 700), (600, 700))
        said[name] = (int(search.best_labels(1)[0]), float(search.confidence(1)[0]))
    assert said["known"][0] == 1
    assert said["plain"][0] == 0 or said["plain"][1] < said["known"][1]


def test_known_voices_take_no_more_slots_than_others():
    assert max(hear(begin(places(*DIRECTIONS[:8])), [direction for direction in range(8) for _ in range(12)])) <= 3


def observed(*directions, count=40):
    """Windows of one voice after the other, each of which hears itself."""
    noise = np.random.default_rng(3).normal(0, 0.08, (len(directions) * count, 64))
    vectors = unit_length(np.repeat([unit_length(each) for each in directions], count, axis=0) + noise)
    spans = [(number * 100, (number + 1) * 100) for number in range(len(vectors))]
    overlap = WindowOverlap.of(spans, spans, [number == 0 for number in range(len(spans))])
    order = SpokenOrder(np.arange(len(spans)), np.array(spans, dtype=np.int64))
    ones = np.ones(len(spans))
    return Observations(vectors.astype(np.float32), 0.3 * ones, 0.25 * ones, 0, overlap, order, np.nan * ones)


def test_two_known_people_who_sound_alike_stay_two():
    between = DIRECTIONS[0] + 0.2 * DIRECTIONS[5], DIRECTIONS[0] - 0.2 * DIRECTIONS[5]
    heard = observed(*between)
    two = np.repeat([0, 1], 40)
    assert set(VoiceClustering(LIKELIHOOD, PENALTIES, 2).find(heard, two, final=True)) == {0}
    assert set(VoiceClustering(LIKELIHOOD, PENALTIES, 2, places(*between)).find(heard, two, final=True)) == {0, 1}
