import numpy as np

from speaker_tracker_stages.hypotheses import BEYOND, VoiceHypotheses
from speaker_tracker_stages.voice_clustering import unit
from speaker_tracker_stages.voice_likelihood import Prices, VoiceLikelihood, Voices

LIKELIHOOD = VoiceLikelihood(within=0.4, between=0.6, dimension=64)
PRICES = Prices(change=1.0, voice=0.0, beyond=14.0)
DIRECTIONS = np.linalg.qr(np.random.default_rng(7).normal(size=(64, 64)))[0]


def begin(num_speakers=2, memory=1000, voices=None, last=-1):
    voices = voices or Voices(np.zeros((0, 64)), np.zeros(0))
    tracked = np.ones(len(voices.evidence), bool)
    return VoiceHypotheses(LIKELIHOOD, PRICES, voices, last, tracked=tracked, num_speakers=num_speakers, memory=memory)


def windows(*turns, spread=0.09):
    random = np.random.default_rng(0)
    return [unit(DIRECTIONS[voice] + random.normal(0, spread, 64)) for voice, count in turns for _ in range(count)]


def hear(hypotheses, vectors, evidence=0.3):
    for vector in vectors:
        hypotheses.push(vector, evidence)
    return hypotheses.tail(len(vectors)).tolist()


def test_voices_are_numbered_as_they_are_heard():
    assert hear(begin(3), windows((5, 12), (2, 12), (5, 12), (9, 12))) == [0] * 12 + [1] * 12 + [0] * 12 + [2] * 12


def test_a_new_voice_is_told_apart_within_a_second():
    hypotheses = begin()
    hear(hypotheses, windows((0, 20)))
    said = [hear(hypotheses, [vector])[0] for vector in windows((1, 8))]

    assert said[4:] == [1] * 4


def test_what_one_window_left_open_later_ones_decide():
    between = unit(DIRECTIONS[0] + DIRECTIONS[1])
    path = hear(begin(), [*windows((0, 12)), between, *windows((1, 12))])
    assert path[:12] + path[13:] == [0] * 12 + [1] * 12


def test_a_voice_beyond_those_tracked_has_its_price():
    turns = windows((0, 12), (1, 12), (2, 1))
    assert max(hear(begin(2), turns)) == 1
    assert max(hear(begin(2), [*turns, *windows((2, 30))])) == 2


def test_there_are_never_more_voices_than_have_a_place():
    path = hear(begin(1), windows(*[(voice, 40) for voice in range(8)]))
    assert max(path) <= BEYOND


def test_what_was_known_before_is_recognized():
    known = Voices.of(np.stack(windows((3, 10), (4, 10))), np.full(20, 0.3), np.repeat([0, 1], 10), 2)
    assert hear(begin(voices=known, last=1), windows((3, 6), (4, 6))) == [0] * 6 + [1] * 6


def test_no_more_than_the_memory_is_kept():
    hypotheses = begin(memory=3)
    hear(hypotheses, windows((0, 10)))
    assert hypotheses.tail(10).tolist() == [0, 0, 0]


def test_a_change_costs_less_after_a_pause():
    known = Voices.of(np.stack(windows((0, 10), (1, 10))), np.full(20, 0.3), np.repeat([0, 1], 10), 2)
    doubtful = unit(1.0 * DIRECTIONS[0] + 1.02 * DIRECTIONS[1])
    at_once, after_pause = begin(voices=known, last=0), begin(voices=known, last=0)
    at_once.push(doubtful, 0.3)
    after_pause.push(doubtful, 0.3, after_pause=True)

    assert at_once.tail(1).tolist() == [0]
    assert after_pause.tail(1).tolist() == [1]
