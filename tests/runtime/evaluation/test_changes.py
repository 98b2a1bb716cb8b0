import pytest

from speaker_tracker.evaluation.changes import Changes, NearConfusion, change_times, compare_changes, near_confusion
from speaker_tracker.evaluation.scoring import score
from speaker_tracker.events import TimelineSegment
from speaker_tracker.results.rttm import Turn

pytest.importorskip("pyannote.metrics")


def reference(*turns):
    return [Turn("talk", start, end, speaker) for start, end, speaker in turns]


def hypothesis(*segments):
    return [TimelineSegment(start, end, speaker) for start, end, speaker in segments]


# -- where they are --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("turns", "changes"),
    [
        pytest.param([], [], id="nobody"),
        pytest.param([(1, 2, "anna"), (3, 4, "anna")], [], id="one person who pauses"),
        pytest.param([(0, 2, "anna"), (2, 4, "bert"), (5, 6, "anna")], [2, 5], id="turns"),
        pytest.param([(0, 6, "anna"), (2, 3, "bert")], [2], id="a word during another's turn"),
        pytest.param([(0, 2, "anna"), (1, 4, "bert"), (3, 5, "anna")], [1, 3], id="interruptions"),
        pytest.param([(0, 4, "anna"), (1, 3, "bert"), (5, 6, "anna")], [1], id="who stops last goes on"),
        pytest.param([(0, 4, "anna"), (1, 3, "bert"), (5, 6, "bert")], [1, 5], id="who stopped first goes on"),
        pytest.param([(0, 2, "anna"), (1, 2, "bert"), (3, 4, "anna")], [1], id="both stopped at once"),
        pytest.param([(1, 2, "anna"), (1, 2, "bert")], [], id="the first ones begin at once"),
        pytest.param([(0, 1, "anna"), (2, 3, "bert"), (2, 4, "carl")], [2], id="two begin at once"),
        pytest.param([(0, 2, "anna"), (2, 3, "anna"), (3, 4, "bert")], [3], id="turns of one that touch"),
        pytest.param([(0, 2, "anna"), (10, 12, "bert")], [], id="after what is scored"),
    ],
)
def test_a_change_is_where_somebody_begins_who_is_not_the_one_who_spoke_last(turns, changes):
    assert change_times(reference(*turns), 10) == changes


# -- which are found -------------------------------------------------------------------------------------------------------------

TALK = reference((0, 2, "anna"), (2, 4, "bert"), (4, 6, "anna"), (6, 60, "carl"))
"""Changes at 2, 4 and 6 s."""


def test_changes_are_found_up_to_a_fifth_of_a_second_away():
    found = compare_changes(TALK, hypothesis((0, 1800, 0), (1800, 4200, 1), (4200, 6201, 0), (6201, 60_000, 2)), 60)

    assert found == Changes(seconds=60, total=3, found=2, false=1)
    assert found.found_share == pytest.approx(2 / 3)
    assert found.false_per_minute == pytest.approx(1)


def test_each_change_counts_once_on_either_side():
    # Two are told around the change at 2 s; at 4 and 4.1 s there are two, and one is told between.
    close = reference((0, 2, "anna"), (2, 4, "bert"), (4, 4.1, "anna"), (4.1, 30, "bert"))
    told = hypothesis((0, 1900, 0), (1900, 2050, 1), (2050, 2060, 0), (2500, 4050, 0), (4050, 30_000, 1))

    assert compare_changes(close, told, 30) == Changes(30, total=3, found=2, false=1)


def test_as_many_as_possible_are_paired():
    # The change told at 2.15 s is nearest to that at 2 s, and must be left for that at 2.3 s.
    truth = reference((0, 2, "anna"), (2, 2.3, "bert"), (2.3, 9, "anna"))
    told = hypothesis((0, 1820, 0), (1820, 2150, 1), (2150, 9000, 0))

    assert compare_changes(truth, told, 10).found == 2


def test_nobody_between_two_turns_of_one_speaker_is_no_change():
    told = hypothesis((0, 2000, 0), (2000, 4000, None), (4000, 6000, 0))

    assert compare_changes(TALK, told, 60) == Changes(60, total=3, found=0, false=0)


def test_without_changes_no_share_is_found():
    assert compare_changes([], [], 60).found_share is None
    assert Changes().false_per_minute is None


def test_changes_of_several_files_are_added_up():
    both = Changes(60, 10, 5, 4) + Changes(180, 10, 10, 0)

    assert both == Changes(240, 20, 15, 4)
    assert both.false_per_minute == pytest.approx(1)


# -- confusion near them ---------------------------------------------------------------------------------------------------------


def test_confusion_counts_up_to_half_a_second_before_and_after_a_change():
    # Late by 0.8 s at 2 s, early by 0.3 s at 4 s, late by 0.1 s at 6 s, and wrong for a second far from any change.
    told = hypothesis((0, 2800, 0), (2800, 3700, 1), (3700, 6100, 0), (6100, 20_000, 2), (20_000, 21_000, 1), (21_000, 60_000, 2))
    near = near_confusion(TALK, told, 60)

    assert near.after == pytest.approx(0.5 + 0.1)
    assert near.around == pytest.approx(0.5 + 0.3 + 0.1)
    assert score(TALK, told, 60).confusion == pytest.approx(0.8 + 0.3 + 0.1 + 1)


def test_speakers_are_those_of_the_whole_recording():
    # Near the change alone, speaker 0 would rather be Bert.
    truth = reference((0, 10, "anna"), (10, 10.5, "bert"), (10.5, 20, "anna"))

    assert near_confusion(truth, hypothesis((0, 20_000, 0)), 20) == NearConfusion(pytest.approx(0.5), pytest.approx(0.5))


def test_stretches_around_changes_that_meet_count_once():
    truth = reference((0, 10, "anna"), (10, 10.3, "bert"), (10.3, 20, "anna"))

    assert near_confusion(truth, hypothesis((0, 20_000, 0)), 20).around == pytest.approx(0.3)


def test_missed_and_false_speech_is_no_confusion():
    # Bert interrupts and is missed; then somebody is told where nobody speaks.
    truth = reference((0, 4, "anna"), (2, 3, "bert"))

    assert near_confusion(truth, hypothesis((0, 4000, 0), (4000, 5000, 1)), 6) == NearConfusion()


def test_only_confusion_within_the_scored_seconds_counts():
    assert near_confusion(TALK, hypothesis((0, 3000, 0)), 2.2).around == pytest.approx(0.2)


def test_without_changes_there_is_none():
    assert near_confusion([], hypothesis((0, 1000, 0)), 10) == NearConfusion()


def test_confusion_of_several_files_is_added_up():
    assert NearConfusion(3, 1) + NearConfusion(2, 2) == NearConfusion(5, 3)
