"""Each word gets the speaker of its time."""

import pytest

from speaker_tracker.transcripts.labelling import Labelled, label, main_speaker
from speaker_tracker.transcripts.transcript import Segment, Transcript, Word
from speaker_tracker.transcripts.turns import SpeakerTurn


def turn(speaker, start, end):
    return SpeakerTurn(start, end, speaker, speaker)


def transcript_of(*words):
    """``words``: text, start and end, all in one segment."""
    own = [Word(*word) for word in words]
    return Transcript("whisper", [Segment(own[0].start, own[-1].end, own)])


def speakers(turns, *words, **options):
    transcript = transcript_of(*words)
    label(transcript, turns, **options)
    return [word.speaker for word in transcript.words]


def test_a_word_is_by_whoever_speaks_for_most_of_it():
    turns = [turn("anna", 0, 1.4), turn("ben", 1.4, 3)]
    assert speakers(turns, ("a", 0, 1), ("b", 1, 2), ("c", 2, 3)) == ["anna", "ben", "ben"]


def test_parts_of_one_speaker_count_together():
    turns = [turn("anna", 0, 0.3), turn("ben", 0.3, 0.7), turn("anna", 0.7, 1)]
    assert speakers(turns, ("a", 0, 1)) == ["anna"]


def test_of_several_that_speak_at_once_it_is_the_one_who_spoke_before():
    both = [turn("anna", 0, 2), turn("ben", 1, 3)]
    assert speakers(both, ("a", 0, 1), ("b", 1, 2), ("c", 2, 3)) == ["anna", "anna", "ben"]
    assert speakers([turn("ben", 0, 2), turn("anna", 1, 3)], ("a", 0, 1), ("b", 1, 2)) == ["ben", "ben"]


def test_a_word_in_a_gap_is_of_the_nearest_turn_within_the_bound():
    turns = [turn("anna", 0, 1), turn("ben", 5, 6)]
    words = [("a", 1.4, 1.6), ("b", 2.8, 3.0), ("c", 4.2, 4.4), ("d", 6.9, 7.2), ("e", 7.1, 7.2)]
    assert speakers(turns, *words) == ["anna", None, "ben", "ben", None]
    assert speakers(turns, *words, gap_seconds=0) == [None] * 5
    assert speakers(turns, *words, gap_seconds=10) == ["anna", "anna", "ben", "ben", "ben"]


def test_a_long_turn_is_found_behind_many_short_ones():
    turns = [turn("anna", 0, 100), *(turn("ben", n, n + 0.01) for n in range(50))]
    assert speakers(turns, ("a", 99, 99.5), ("b", 100.5, 100.6)) == ["anna", "anna"]


def test_words_of_no_length_have_a_speaker():
    assert speakers([turn("anna", 0, 1), turn("ben", 1, 2)], ("a", 0.5, 0.5), ("b", 1, 1), ("c", 2, 2)) == ["anna", "ben", "ben"]


def test_nobodys_words_are_counted():
    transcript = transcript_of(("a", 0, 1), ("b", 5, 6))
    assert label(transcript, [turn("anna", 0, 1)]) == Labelled(words=2, nobody=1)
    assert label(transcript, []) == Labelled(words=2, nobody=2)
    assert label(Transcript("srt", []), [turn("anna", 0, 1)]) == Labelled(words=0, nobody=0)


QUESTION = [("Is", 0, 0.3), ("it", 0.3, 0.6), ("late?", 0.6, 0.9), ("Yes,", 0.9, 1.2), ("it", 1.2, 1.5), ("is.", 1.5, 1.8)]


@pytest.mark.parametrize("change", [0.5, 0.65, 0.9, 1.15])
def test_a_change_of_voice_moves_to_the_end_of_a_sentence_that_is_near(change):
    turns = [turn("anna", 0, change), turn("ben", change, 2)]
    assert speakers(turns, *QUESTION) == ["anna"] * 3 + ["ben"] * 3


def test_a_change_far_from_any_end_of_a_sentence_stays():
    words = [(f"w{n}", n, n + 1) for n in range(4)] + [("end.", 4, 5), ("w", 5, 6)]
    assert speakers([turn("anna", 0, 4), turn("ben", 4, 6)], *words) == ["anna"] * 4 + ["ben"] * 2


def test_no_voice_vanishes_by_a_change_that_moves():
    turns = [turn("anna", 0, 0.6), turn("ben", 0.6, 0.9), turn("anna", 0.9, 2)]
    assert speakers(turns, *QUESTION) == ["anna", "anna", "ben", "anna", "anna", "anna"]


def test_changes_to_nobody_stay():
    words = [("Is", 0, 0.1), ("late?", 0.1, 0.2), ("Yes", 0.3, 0.4)]
    assert speakers([turn("anna", 0, 0.1)], *words, gap_seconds=0.05) == ["anna", "anna", None]


def test_times_may_be_out_of_order():
    turns = [turn("ben", 5, 6), turn("anna", 0, 1)]
    assert speakers(turns, ("b", 5, 6), ("a", 0, 1), ("c", 5.5, 6)) == ["ben", "anna", "ben"]


def test_the_speaker_of_a_segment_has_most_of_its_words_time():
    transcript = transcript_of(("Is", 0, 0.5), ("it", 0.5, 1), ("so", 1, 3))
    label(transcript, [turn("anna", 0, 1), turn("ben", 1, 3)])
    assert main_speaker(transcript.segments[0]) == "ben"
    assert main_speaker(Segment(0, 1, [])) is None


def test_a_hundred_thousand_words_are_labelled_without_comparing_each_to_all():
    words = [(f"w{n}", n * 0.3, n * 0.3 + 0.2) for n in range(100_000)]
    turns = [turn(str(n % 4), n, n + 1.2) for n in range(30_000)]
    transcript = transcript_of(*words)
    assert label(transcript, turns).nobody == 0  # comparing each to all would take longer than a test may
