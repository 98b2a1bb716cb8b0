import pytest

from speaker_tracker.events import (
    OverlappedSpeech,
    SpeakerChange,
    SpeakersAssigned,
    SpeakerSpan,
    SpeechPause,
    TimelineChanged,
    TimelineSegment,
)
from speaker_tracker.protocol.intervals import IntervalSet
from speaker_tracker.stagekit.timeline import Timeline
from support.stage_harness import load, of_type, open_stage, run

SECOND = 16_000


def assigned(start: float, end: float, *spans: tuple[float, float, int]) -> SpeakersAssigned:
    return SpeakersAssigned(
        int(start * SECOND), int(end * SECOND), tuple(SpeakerSpan(int(a * SECOND), int(b * SECOND), who) for a, b, who in spans)
    )


def changes(*events: SpeakersAssigned) -> list[TimelineChanged]:
    return of_type(TimelineChanged, run(open_stage(load("timing_aggregator")), events))


def test_time_adds_up_by_speaker():
    last = changes(assigned(0, 1, (0, 1, 0)), assigned(1, 3, (1, 3, 1)), assigned(3, 3.5, (3, 3.5, 0)))[-1]

    assert last.speaking_ms == {0: 1500, 1: 2000}


def test_a_corrected_label_moves_its_time():
    first, second = changes(assigned(0, 2, (0, 2, 0)), assigned(1, 2, (1, 2, 1)))

    assert first.speaking_ms == {0: 2000}
    assert second.speaking_ms == {0: 1000, 1: 1000}
    assert second.segments == (TimelineSegment(1000, 2000, 1),)


def test_time_of_one_speaker_given_twice_counts_once():
    (change,) = changes(assigned(0, 2, (0, 1.5, 0), (1, 2, 0)))

    assert change.speaking_ms == {0: 2000}
    assert change.segments == (TimelineSegment(0, 2000, 0),)


def test_two_speakers_at_the_same_time_both_count():
    (change,) = changes(assigned(0, 2, (0, 1.5, 0), (1, 2, 1)))

    assert change.speaking_ms == {0: 1500, 1: 1000}
    assert change.segments == (TimelineSegment(0, 1500, 0), TimelineSegment(1000, 2000, 1))


def test_what_says_nothing_new_changes_nothing():
    assert len(changes(assigned(0, 2, (0, 2, 0)), assigned(0, 1, (0, 1, 0)))) == 1


def test_time_taken_away_becomes_nobodys():
    last = changes(assigned(0, 2, (0, 2, 0)), assigned(0.5, 1))[-1]

    assert last.segments == (TimelineSegment(500, 1000, None),)
    assert last.speaking_ms == {0: 1500}


def test_a_restored_aggregator_corrects_what_the_first_one_said():
    loaded = load("timing_aggregator")
    first, second = open_stage(loaded), open_stage(loaded)
    run(first, [assigned(0, 2, (0, 2, 0))], flush=False)
    second.restore(first.snapshot())

    (change,) = of_type(TimelineChanged, run(second, [assigned(1, 2, (1, 2, 1))]))
    assert change.speaking_ms == {0: 1000, 1: 1000}


def test_a_label_that_stays_has_a_new_confidence():
    def said(*confidences):
        return SpeakersAssigned(0, 2 * SECOND, (SpeakerSpan(0, 2 * SECOND, 0, confidences[0]),))

    first, second = changes(said(0.6), said(0.9))

    assert first.segments == (TimelineSegment(0, 2000, 0, 0.6),)
    assert second.segments == (TimelineSegment(0, 2000, 0, 0.9),)
    assert second.speaking_ms == {0: 2000}


def timeline(*events):
    """What is told in the end, as (start, end, speaker) in seconds; also that the messages add up to it."""
    changes = of_type(TimelineChanged, run(open_stage(load("timing_aggregator")), events))
    told = Timeline()
    for change in changes:
        for start, end in IntervalSet((each.start_ms, each.end_ms) for each in change.segments):
            told.rewrite(start, end, change.segments)
    assert told.speaking_ms == changes[-1].speaking_ms
    return [(each.start_ms / 1000, each.end_ms / 1000, each.speaker) for each in told.segments() if each.speaker is not None]


HEARD = (
    SpeakerChange(int(1.1 * SECOND), 0.9),
    SpeechPause(2 * SECOND, int(2.3 * SECOND)),
    OverlappedSpeech(int(2.5 * SECOND), int(2.7 * SECOND), 0.9),
    OverlappedSpeech(int(2.7 * SECOND), int(2.8 * SECOND), 0.9),
)
ASSIGNED = (assigned(0, 1, (0, 1, 0)), assigned(1, 3, (1, 3, 1)))


@pytest.mark.parametrize(
    "events", [(*HEARD, *ASSIGNED), (*ASSIGNED, *HEARD), (ASSIGNED[0], *HEARD, ASSIGNED[1])], ids=["before", "after", "between"]
)
def test_labels_are_refined_whenever_something_is_heard(events):
    assert timeline(*events) == [(0, 1.1, 0), (1.1, 2, 1), (2.3, 3, 1), (2.5, 2.8, 0)]


def test_a_correction_far_away_in_time_leaves_the_rest_alone():
    loaded = open_stage(load("timing_aggregator"))
    run(loaded, [assigned(0, 1, (0, 1, 0)), assigned(60, 61, (60, 61, 1))], flush=False)

    (change,) = of_type(TimelineChanged, run(loaded, [assigned(60, 61, (60, 61, 0))]))

    assert change.segments == (TimelineSegment(60_000, 61_000, 0),)


def test_a_new_neighbour_becomes_the_second_speaker_of_an_overlap_before():
    overlap = OverlappedSpeech(int(0.5 * SECOND), int(0.8 * SECOND), 0.9)
    last = changes(overlap, assigned(0, 1, (0, 1, 0)), assigned(1, 2, (1, 2, 1)))[-1]

    assert TimelineSegment(500, 800, 1, 0.9) in last.segments
    assert last.speaking_ms == {0: 1000, 1: 1300}


def test_what_was_not_assigned_is_not_told():
    (change,) = changes(SpeechPause(0, SECOND), OverlappedSpeech(3 * SECOND, 4 * SECOND, 0.9), assigned(1, 2, (1, 2, 0)))

    assert change.segments == (TimelineSegment(1000, 2000, 0),)


def test_a_restored_aggregator_knows_what_was_heard():
    loaded = load("timing_aggregator")
    first, second = open_stage(loaded), open_stage(loaded)
    run(first, [*HEARD, ASSIGNED[0]], flush=False)
    second.restore(first.snapshot())

    last = of_type(TimelineChanged, run(second, [ASSIGNED[1]]))[-1]

    assert last.speaking_ms == {0: 1400, 1: 1600}
