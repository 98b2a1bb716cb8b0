import numpy as np
import pytest

from speaker_tracker_stages.assigning.arrays import unit_length
from speaker_tracker_stages.kmeans_assigner.beam_search import BeamSearch
from speaker_tracker_stages.kmeans_assigner.likelihood import VoiceLikelihood, VoiceStatistics
from speaker_tracker_stages.kmeans_assigner.penalties import SPARE_SLOTS, Penalties
from speaker_tracker_stages.kmeans_assigner.window_overlap import MAX_OVERLAP

LIKELIHOOD = VoiceLikelihood(within=0.4, between=0.6, style=0.03, channel=0.03, dimension=64)
PENALTIES = Penalties(change=1.0, new_voice=0.0, untracked=14.0)
DIRECTIONS = np.linalg.qr(np.random.default_rng(7).normal(size=(64, 64)))[0]


HOP = 100


def begin(num_speakers=2, memory=1000, voices=None, last=-1):
    search = BeamSearch(LIKELIHOOD, PENALTIES, 64, num_speakers=num_speakers, memory=memory)
    if voices is not None:
        search.restart(voices, np.ones(len(voices.evidence), bool), np.array([last]))
    return search


def known(*voices):
    vectors = np.stack(windows(*[(voice, 10) for voice in voices]))
    return VoiceStatistics.of(vectors, np.full(len(vectors), 0.3), np.eye(len(voices))[np.repeat(np.arange(len(voices)), 10)])


def windows(*turns, spread=0.09):
    random = np.random.default_rng(0)
    return [unit_length(DIRECTIONS[voice] + random.normal(0, spread, 64)) for voice, count in turns for _ in range(count)]


def hear(search, vectors, evidence=0.3, start=0):
    """Windows that hear their own stretch and nothing else."""
    for number, vector in enumerate(vectors, start):
        stretch = (number * HOP, (number + 1) * HOP)
        search.push(vector, evidence, stretch, stretch, after_pause=number == 0)
    return search.best_labels(len(vectors)).tolist()


def hear_around(search, turns, reach=3, evidence=0.3):
    """Windows that hear ``reach`` stretches on either side, within a segment of speech; the label of each as it came."""
    own = np.stack(windows(*turns))
    said = []
    for number in range(len(own)):
        first, last = max(0, number - reach), min(len(own), number + reach + 1)
        stretch, heard = (number * HOP, (number + 1) * HOP), (first * HOP, last * HOP)
        search.push(own[first:last].mean(axis=0), evidence, stretch, heard, after_pause=number == 0)
        said.append(int(search.best_labels(1)[0]))
    return said


def test_voices_are_numbered_as_they_are_heard():
    assert hear(begin(3), windows((5, 12), (2, 12), (5, 12), (9, 12))) == [0] * 12 + [1] * 12 + [0] * 12 + [2] * 12


def test_a_new_voice_is_told_apart_within_a_second():
    search = begin()
    hear(search, windows((0, 20)))
    said = [hear(search, [vector], start=20 + number)[0] for number, vector in enumerate(windows((1, 8)))]

    assert said[4:] == [1] * 4


def test_what_one_window_left_open_later_ones_decide():
    between = unit_length(DIRECTIONS[0] + DIRECTIONS[1])
    path = hear(begin(), [*windows((0, 12)), between, *windows((1, 12))])
    assert path[:12] + path[13:] == [0] * 12 + [1] * 12


def test_an_untracked_voice_has_its_penalty():
    turns = windows((0, 12), (1, 12), (2, 1))
    assert max(hear(begin(2), turns)) == 1
    assert max(hear(begin(2), [*turns, *windows((2, 30))])) == 2


def test_another_style_of_a_known_voice_is_no_new_voice():
    style = [unit_length(vector + 0.3 * DIRECTIONS[9]) for vector in windows((0, 60))]
    stranger = [unit_length(vector + 1.0 * DIRECTIONS[9]) for vector in windows((0, 60))]
    of_known = known(0)
    settled = VoiceStatistics(of_known.sums * 10, of_known.evidence * 10)

    assert set(hear(begin(5, voices=settled, last=0), style)) == {0}
    assert hear(begin(5, voices=settled, last=0), stranger)[-1] == 1


def test_there_are_never_more_voices_than_slots():
    path = hear(begin(1), windows(*[(voice, 40) for voice in range(8)]))
    assert max(path) <= SPARE_SLOTS


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


def test_the_lookahead_is_known_until_speech_ends():
    search = begin(voices=known(0, 1), last=0)
    for number, vector in enumerate(windows((0, 8))):
        search.push(vector, 0.3, (number * HOP, (number + 1) * HOP), ((number - 2) * HOP, (number + 3) * HOP))
    assert search.lookahead == [(800, 900), (900, 1000)]
    assert search.lookahead_labels().tolist() == [0, 0]

    search.push(windows((1, 1))[0], 0.3, (2000, 2100), (2000, 2100), after_pause=True)
    assert search.lookahead == []
    assert search.best_labels(3).tolist() == [0, 0, 1]


def test_windows_of_a_short_segment_that_come_together_share_what_they_hear():
    search = begin(voices=known(0, 1), last=0)
    for number, vector in enumerate(windows((1, 3))):
        search.push(vector, 0.3, (number * HOP, (number + 1) * HOP), (0, 3 * HOP), after_pause=number == 0)

    assert search.best_labels(3).tolist() == [1, 1, 1]


def test_confidence_is_high_for_clear_windows_and_low_for_ambiguous_ones():
    plain, doubtful = begin(voices=known(0, 1), last=0), begin(voices=known(0, 1), last=0)
    hear(plain, windows((0, 5), (1, 5)))
    hear(doubtful, [unit_length(DIRECTIONS[0] + 1.02 * DIRECTIONS[1])])

    assert plain.confidence(3).min() > 0.95
    assert 0 < doubtful.confidence(1)[0] < 0.95


def test_no_more_than_the_memory_is_kept():
    search = begin(memory=3)
    hear(search, windows((0, 200)))
    assert search.best_labels(200).tolist() == [0] * (MAX_OVERLAP + 3)


def labels_by_change(change, reach, likeness):
    """Labels of four windows of a voice and four that are a little more like another one, with a change heard between the two."""
    reluctant = BeamSearch(LIKELIHOOD, Penalties(change=12.0, new_voice=0.0, untracked=14.0), 64, num_speakers=2, memory=1000)
    reluctant.restart(known(0, 1), np.ones(2, bool), np.array([0]))
    own = np.stack([*windows((0, 4)), *np.tile(unit_length(DIRECTIONS[0] + likeness * DIRECTIONS[1]), (4, 1))])
    for number in range(8):
        first, last = max(0, number - reach), min(8, number + reach + 1)
        stretch, heard = (number * HOP, (number + 1) * HOP), (first * HOP, last * HOP)
        heard_change = change if number == 4 else 0.0
        reluctant.push(own[first:last].mean(axis=0), 0.3, stretch, heard, after_pause=number == 0, change=heard_change)
    return reluctant.best_labels(8).tolist()


def test_a_change_that_is_heard_is_believed_sooner():
    assert labels_by_change(0.0, reach=0, likeness=1.1) == [0] * 8
    assert labels_by_change(1.0, reach=0, likeness=1.1) == [0] * 4 + [1] * 4


def test_a_change_that_is_known_later_than_the_voice_is_weighed_then():
    assert labels_by_change(0.0, reach=2, likeness=1.3) == [0] * 6 + [1] * 2
    assert labels_by_change(1.0, reach=2, likeness=1.3) == [0] * 4 + [1] * 4


def test_a_change_costs_less_after_a_pause():
    doubtful = unit_length(1.0 * DIRECTIONS[0] + 1.02 * DIRECTIONS[1])
    at_once, after_pause = begin(voices=known(0, 1), last=0), begin(voices=known(0, 1), last=0)
    at_once.push(doubtful, 0.3, (0, HOP), (0, HOP))
    after_pause.push(doubtful, 0.3, (0, HOP), (0, HOP), after_pause=True)

    assert at_once.best_labels(1).tolist() == [0]
    assert after_pause.best_labels(1).tolist() == [1]
