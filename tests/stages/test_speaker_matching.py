import numpy as np

from speaker_tracker_stages.evidence import NOBODY
from speaker_tracker_stages.speaker_matching import match_speakers


def match(voices, speakers, first_heard, num_speakers=3, seconds=1.0):
    return match_speakers(np.array(voices), np.array(speakers), np.full(len(voices), seconds), first_heard, num_speakers)


def test_permuted_voices_keep_their_ids():
    assert match([2, 2, 0, 0, 1], [0, 0, 1, 1, 2], [2, 4, 0]) == [1, 2, 0]


def test_new_voices_take_free_ids_in_order_of_first_appearance():
    assert match([0, 0, 2, 1], [0, 0, NOBODY, NOBODY], [0, 3, 2]) == [0, 2, 1]


def test_a_split_speaker_keeps_its_id_with_the_larger_part():
    assert match([0, 0, 0, 1], [0, 0, 0, 0], [0, 3]) == [0, 1]


def test_merged_speakers_keep_the_id_of_the_larger():
    assert match([0, 0, 0], [1, 1, 0], [0]) == [1]


def test_a_voice_beyond_those_tracked_is_nobodys():
    assert match([0, 1, 2], [0, 1, NOBODY], [0, 1, 2], num_speakers=2) == [0, 1, NOBODY]


def test_a_known_speaker_does_not_lose_its_slot_to_a_newcomer_with_more_time():
    assert match([0, 1, 2, 2, 2, 2], [0, 1, NOBODY, NOBODY, NOBODY, NOBODY], [0, 1, 2], num_speakers=2) == [0, 1, NOBODY]


def test_where_a_young_speaker_was_two_the_one_heard_first_keeps_the_id():
    assert match([0, 1, 1, 1], [0, 0, 0, 0], [0, 1]) == [0, 1]


def test_an_established_speaker_stays_with_most_of_its_time():
    assert match([0, 1, 1, 1], [0, 0, 0, 0], [0, 1], seconds=10.0) == [1, 0]
