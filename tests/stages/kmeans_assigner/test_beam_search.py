import numpy as np
import pytest

from speaker_tracker_stages.hypotheses import BEYOND, MOST_HEARD, VoiceHypotheses
from speaker_tracker_stages.voice_clustering import unit
from speaker_tracker_stages.voice_likelihood import Prices, VoiceLikelihood, Voices

LIKELIHOOD = VoiceLikelihood(within=0.4, between=0.6, manner=0.03, dimension=64)
PRICES = Prices(change=1.0, voice=0.0, beyond=14.0)
DIRECTIONS = np.linalg.qr(np.random.default_rng(7).normal(size=(64, 64)))[0]


HOP = 100


def begin(num_speakers=2, memory=1000, voices=None, last=-1):
    hypotheses = VoiceHypotheses(LIKELIHOOD, PRICES, 64, num_speakers=num_speakers, memory=memory)
    if voices is not None:
        hypotheses.begin_anew(voices, np.ones(len(voices.evidence), bool), np.array([last]))
    return hypotheses


def known(*voices):
    vectors = np.stack(windows(*[(voice, 10) for voice in voices]))
    return Voices.of(vectors, np.full(len(vectors), 0.3), np.eye(len(voices))[np.repeat(np.arange(len(voices)), 10)])


def windows(*turns, spread=0.09):
    random = np.random.default_rng(0)
    return [unit(DIRECTIONS[voice] + random.normal(0, spread, 64)) for voice, count in turns for _ in range(count)]


def hear(hypotheses, vectors, evidence=0.3, start=0):
    """Windows that hear their own stretch and nothing else."""
    for number, vector in enumerate(vectors, start):
        stretch = (number * HOP, (number + 1) * HOP)
        hypotheses.push(vector, evidence, stretch, stretch, after_pause=number == 0)
    return hypotheses.tail(len(vectors)).tolist()


def hear_around(hypotheses, turns, reach=3, evidence=0.3):
    """Windows that hear ``reach`` stretches on either side, within a segment of speech; the label of each as it came."""
    own = np.stack(windows(*turns))
    said = []
    for number in range(len(own)):
        first, last = max(0, number - reach), min(len(own), number + reach + 1)
        stretch, heard = (number * HOP, (number + 1) * HOP), (first * HOP, last * HOP)
        hypotheses.push(own[first:last].mean(axis=0), evidence, stretch, heard, after_pause=number == 0)
        said.append(int(hypotheses.tail(1)[0]))
    return said


def test_voices_are_numbered_as_they_are_heard():
    assert hear(begin(3), windows((5, 12), (2, 12), (5, 12), (9, 12))) == [0] * 12 + [1] * 12 + [0] * 12 + [2] * 12


def test_a_new_voice_is_told_apart_within_a_second():
    hypotheses = begin()
    hear(hypotheses, windows((0, 20)))
    said = [hear(hypotheses, [vector], start=20 + number)[0] for number, vector in enumerate(windows((1, 8)))]

    assert said[4:] == [1] * 4


def test_what_one_window_left_open_later_ones_decide():
    between = unit(DIRECTIONS[0] + DIRECTIONS[1])
    path = hear(begin(), [*windows((0, 12)), between, *windows((1, 12))])
    assert path[:12] + path[13:] == [0] * 12 + [1] * 12


def test_a_voice_beyond_those_tracked_has_its_price():
    turns = windows((0, 12), (1, 12), (2, 1))
    assert max(hear(begin(2), turns)) == 1
    assert max(hear(begin(2), [*turns, *windows((2, 30))])) == 2


def test_another_manner_of_a_known_voice_is_no_new_voice():
    manner = [unit(vector + 0.3 * DIRECTIONS[9]) for vector in windows((0, 60))]
    stranger = [unit(vector + 1.0 * DIRECTIONS[9]) for vector in windows((0, 60))]
    of_known = known(0)
    settled = Voices(of_known.sums * 10, of_known.evidence * 10)

    assert set(hear(begin(5, voices=settled, last=0), manner)) == {0}
    assert hear(begin(5, voices=settled, last=0), stranger)[-1] == 1


def test_there_are_never_more_voices_than_have_a_place():
    path = hear(begin(1), windows(*[(voice, 40) for voice in range(8)]))
    assert max(path) <= BEYOND


def test_what_was_known_before_is_recognized():
    assert hear(begin(voices=known(3, 4), last=1), windows((3, 6), (4, 6))) == [0] * 6 + [1] * 6


@pytest.mark.parametrize("reach", [1, 3, 6])
def test_windows_that_hear_a_change_are_labelled_by_their_own_stretch(reach):
    turns = [(number % 2, 14 + number % 3) for number in range(20)]
    said = hear_around(begin(4), turns, reach)

    truth = [voice for voice, count in turns for _ in range(count)]
    late = slice(len(truth) // 4, None)
    assert max(said) == 1
    assert np.mean(np.array(said[late]) == truth[late]) > 0.97


def test_what_was_heard_ahead_is_known_until_speech_ends():
    hypotheses = begin(voices=known(0, 1), last=0)
    for number, vector in enumerate(windows((0, 8))):
        hypotheses.push(vector, 0.3, (number * HOP, (number + 1) * HOP), ((number - 2) * HOP, (number + 3) * HOP))
    assert hypotheses.ahead == [(800, 900), (900, 1000)]
    assert hypotheses.of_ahead().tolist() == [0, 0]

    hypotheses.push(windows((1, 1))[0], 0.3, (2000, 2100), (2000, 2100), after_pause=True)
    assert hypotheses.ahead == []
    assert hypotheses.tail(3).tolist() == [0, 0, 1]


def test_windows_of_a_short_segment_that_come_together_share_what_they_hear():
    hypotheses = begin(voices=known(0, 1), last=0)
    for number, vector in enumerate(windows((1, 3))):
        hypotheses.push(vector, 0.3, (number * HOP, (number + 1) * HOP), (0, 3 * HOP), after_pause=number == 0)

    assert hypotheses.tail(3).tolist() == [1, 1, 1]


def test_it_is_sure_of_what_is_plain_and_not_of_what_is_not():
    plain, doubtful = begin(voices=known(0, 1), last=0), begin(voices=known(0, 1), last=0)
    hear(plain, windows((0, 5), (1, 5)))
    hear(doubtful, [unit(DIRECTIONS[0] + 1.02 * DIRECTIONS[1])])

    assert plain.certainty(3).min() > 0.95
    assert 0 < doubtful.certainty(1)[0] < 0.95


def test_no_more_than_the_memory_is_kept():
    hypotheses = begin(memory=3)
    hear(hypotheses, windows((0, 200)))
    assert hypotheses.tail(200).tolist() == [0] * (MOST_HEARD + 3)


def test_a_change_costs_less_after_a_pause():
    doubtful = unit(1.0 * DIRECTIONS[0] + 1.02 * DIRECTIONS[1])
    at_once, after_pause = begin(voices=known(0, 1), last=0), begin(voices=known(0, 1), last=0)
    at_once.push(doubtful, 0.3, (0, HOP), (0, HOP))
    after_pause.push(doubtful, 0.3, (0, HOP), (0, HOP), after_pause=True)

    assert at_once.tail(1).tolist() == [0]
    assert after_pause.tail(1).tolist() == [1]
