from itertools import chain

import numpy as np

from speaker_tracker_stages.assigning.evidence import NOBODY, Item
from speaker_tracker_stages.assigning.matching import SpokenOrder, match_speakers

HOP = 4_000


def match(voices, anchors, first_heard, num_speakers=3, seconds=1.0):
    return match_speakers(np.array(voices), np.array(anchors), np.full(len(voices), seconds), first_heard, num_speakers)


def test_permuted_voices_keep_their_ids():
    assert match([2, 2, 0, 0, 1], [0, 0, 1, 1, 2], [2, 4, 0]) == [1, 2, 0]


def test_new_voices_take_free_ids_in_order_of_first_appearance():
    assert match([0, 0, 2, 1], [0, 0, NOBODY, NOBODY], [0, 3, 2]) == [0, 2, 1]


def test_a_split_speaker_keeps_its_id_with_the_larger_part():
    assert match([0, 0, 0, 1], [0, 0, 0, 0], [0, 3]) == [0, 1]


def test_young_speakers_that_are_one_keep_the_lower_id():
    assert match([0, 0, 0], [1, 1, 0], [0]) == [0]


def test_an_old_speaker_does_not_change_its_id_for_a_sliver_of_another():
    assert match([0] * 10, [1] * 9 + [0], [0], seconds=10.0) == [1]


def test_speakers_taken_for_one_for_a_while_get_their_own_ids_back():
    anchors = [0, 0, 0, 1, 1, 1, 1, 0]

    assert match([0] * 8, anchors, [0]) == [0]
    assert match([1, 1, 1, 0, 0, 0, 0, 1], anchors, [3, 0]) == [1, 0]


def test_a_new_voice_takes_an_id_that_nobody_ever_had_before_one_that_is_idle():
    assert match([0, 0, 0, 1], [0, 0, 1, NOBODY], [0, 3]) == [0, 2]
    assert match([0, 0, 0, 1], [0, 0, 1, NOBODY], [0, 3], num_speakers=2) == [0, 1]


def test_a_voice_beyond_those_tracked_is_nobodys():
    assert match([0, 1, 2], [0, 1, NOBODY], [0, 1, 2], num_speakers=2) == [0, 1, NOBODY]


def test_a_known_speaker_does_not_lose_its_slot_to_a_newcomer_with_more_time():
    assert match([0, 1, 2, 2, 2, 2], [0, 1, NOBODY, NOBODY, NOBODY, NOBODY], [0, 1, 2], num_speakers=2) == [0, 1, NOBODY]


def test_as_much_time_as_can_be_keeps_its_speaker():
    # By the first voice alone speaker 0 would be the second one's; together both keep more if it is not.
    assert match([0] * 5 + [1] * 6, [0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1], [0, 5]) == [1, 0]
    assert match([0] * 5 + [1] * 6, [0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0], [0, 5]) == [1, 0]


def test_a_speaker_that_was_two_stays_with_most_of_its_time():
    assert match([0, 1, 1, 1], [0, 0, 0, 0], [0, 1]) == [1, 0]


def windows(voice, *starts):
    """Items of a quarter of a second each."""
    return [(voice, Item(np.zeros(2, np.float32), 1.0, [(start * HOP, (start + 1) * HOP)])) for start in starts]


def ranks(*heard):
    voices, items = zip(*sorted(chain.from_iterable(heard), key=lambda one: one[1].stretches), strict=True)
    return SpokenOrder.of(items).first_heard(np.array(voices))


def test_a_voice_is_ranked_by_its_first_words_and_a_stray_window_after_all_others():
    stray, early, late = ranks(windows(0, 0), windows(1, *range(1, 19)), windows(2, 19, *range(40, 64)))
    assert (early, late) == (1 * HOP, 40 * HOP)
    assert stray > 64 * HOP


def test_a_voice_that_said_a_word_counts_from_it_once_it_has_said_more():
    host, guests = windows(0, 0, 1, 2), windows(1, *range(4, 40))
    assert ranks(host, guests)[0] > ranks(host, guests)[1]
    assert ranks([*host, *windows(0, *range(40, 60))], guests)[0] == 0


def test_a_word_long_ago_does_not_count():
    later = 4 * 200
    assert ranks(windows(0, 0, 1, 2, *range(later, later + 20)), windows(1, *range(4, 40)))[0] == later * HOP


def test_a_voice_that_never_comes_back_leaves_its_place_to_one_that_does():
    whisper, first, second = windows(0, *range(10)), windows(1, *range(12, 40)), windows(2, *range(40, 50), *range(80, 90))
    ranked = ranks(whisper, first, second)
    assert ranked[1] < ranked[2] < ranked[0]


def test_when_a_voice_was_first_heard_does_not_depend_on_how_often_it_speaks_later():
    def group(first, turns):
        return Item(
            np.zeros(4, np.float32), 1.0, [(first + turn * 10 * HOP, first + (turn * 10 + 4) * HOP) for turn in range(turns)]
        )

    voices = np.array([0, 1])
    few, many = (SpokenOrder.of([group(0, turns), group(5 * HOP, turns)]) for turns in (20, 2_000))

    assert many.first_heard(voices) == few.first_heard(voices) == [0, 5 * HOP]
    assert len(many.spans) == len(few.spans)
