"""Voices are recognized across sessions, and people who are not known are not."""

from dataclasses import replace

import numpy as np
import pytest

from speaker_tracker.events import VoiceCalibration
from speaker_tracker.protocol import KnownVoice, Voiceprint
from speaker_tracker_stages.assigning.recognition import Recognition

DIMENSION = 64
MEASURED = VoiceCalibration(
    within_variance=0.38,
    between_variance=0.42,
    common_variance=0.2,
    style_variance=0.02,
    channel_variance=0.04,
    effective_dimension=30.0,
    evidence_by_seconds=((0.5, 0.3), (1.5, 1.0)),
    equal_error_rate=0.0,
    measured_on="people(), whose figures these are",
)


class People:
    """People by number, as the model of the calibration has them; deterministic."""

    def __init__(self, seed=0, common=None):
        self._random = np.random.default_rng(seed)
        self._common = self._normal(MEASURED.common_variance) if common is None else common
        self._places = {}

    def _normal(self, variance):
        return self._random.normal(0, np.sqrt(variance / DIMENSION), DIMENSION)

    def session(self, person, evidence):
        """The mean embedding of a person in a session of their own, of so many observations."""
        if person not in self._places:
            self._places[person] = self._common + self._normal(MEASURED.between_variance)
        return self._places[person] + self._normal(MEASURED.channel_variance) + self._normal(MEASURED.within_variance / evidence)

    def known(self, *names, evidence=40.0):
        return [KnownVoice(name=name, voiceprint=printed(self.session(name, evidence), evidence / 1.2)) for name in names]


def printed(mean, seconds):
    return Voiceprint.of("test", 1, mean.tolist(), seconds)


def probabilities(recognition, mean, evidence=6.0):
    return dict(zip(recognition.names, recognition.probabilities(mean[np.newaxis], np.array([evidence]))[0], strict=True))


def test_people_are_recognized_in_another_session_and_strangers_are_not():
    right = wrong = called = 0
    for seed in range(60):
        people = People(seed)
        recognition = Recognition.of(people.known(*"abcdefghij"), MEASURED)
        of_known = probabilities(recognition, people.session("c", 6.0))
        right += of_known["c"] >= 0.95
        wrong += max(value for name, value in of_known.items() if name != "c") >= 0.95
        called += max(probabilities(recognition, people.session("nobody", 6.0)).values()) >= 0.95
    assert right >= 57
    assert wrong == 0
    assert called <= 2


def test_what_is_said_to_be_likely_is_as_likely_as_that():
    """Of half known, half unknown voices that are given a name with 50 to 99 %, about as many have it."""
    given, had = [], []
    for seed in range(400):
        people = People(seed)
        recognition = Recognition.of(people.known(*"abcde"), MEASURED)
        who = "a" if seed % 5 else "stranger"  # four in five are known, as is expected beforehand
        name, probability = max(probabilities(recognition, people.session(who, 0.6), 0.6).items(), key=lambda pair: pair[1])
        if 0.5 <= probability <= 0.99:
            given.append(probability)
            had.append(name == who)
    assert len(given) > 50
    assert np.mean(had) == pytest.approx(np.mean(given), abs=0.12)


def test_more_speech_makes_surer():
    people = People(3)
    recognition = Recognition.of(people.known("a", "b"), MEASURED)
    mean = people.session("a", 1000.0)

    sure = [probabilities(recognition, mean, evidence)["a"] for evidence in (0.1, 0.5, 2.0, 8.0)]
    assert sure == sorted(sure)
    assert sure[0] < 0.95 < sure[-1]


def test_one_good_print_of_several_is_enough():
    people = People(5)
    good, far = people.session("a", 40.0), people.session("elsewhere", 40.0)
    both = [KnownVoice(name="a", voiceprint=printed(mean, 30.0)) for mean in (far, good)]
    recognition = Recognition.of([both[0], *people.known("b"), both[1]], MEASURED)

    assert recognition.names == ("a", "b")
    assert probabilities(recognition, people.session("a", 6.0))["a"] >= 0.95


def test_noise_shortens_embeddings_and_people_are_recognized_all_the_same():
    people = People(1)
    recognition = Recognition.of(people.known(*"abcdef"), MEASURED)

    assert probabilities(recognition, 0.75 * people.session("b", 40.0), 10.0)["b"] >= 0.95


def test_a_print_of_any_length_counts_as_one_of_length_one_at_most():
    people = People(2)
    known = people.known("a", "b")
    longer = [KnownVoice(name=each.name, voiceprint=printed(9 * np.array(each.voiceprint.values), 30.0)) for each in known]

    vectors = Recognition.of(longer, MEASURED).vectors
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-3)


def test_a_model_without_anything_in_common_works_as_well():
    people = People(4, common=np.zeros(DIMENSION))
    measured = replace(MEASURED, within_variance=0.5, between_variance=0.5, common_variance=0.0)

    assert probabilities(Recognition.of(people.known("a", "b"), measured), people.session("a", 8.0))["a"] >= 0.9


def test_prints_that_move_together_are_recognized_where_they_moved_to():
    people = People(6)
    shift = np.full(DIMENSION, 0.08)
    recognition = Recognition.of(people.known(*"abcd"), MEASURED)
    mean = people.session("d", 20.0) + shift

    assert probabilities(recognition.moved(shift), mean)["d"] > probabilities(recognition, mean)["d"]
