import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from speaker_tracker.events import TimelineSegment
from speaker_tracker.timeline import Timeline

END = 60
SPEAKERS = 3

spans = st.tuples(st.integers(0, END - 1), st.integers(1, 20), st.integers(0, SPEAKERS - 1)).map(
    lambda span: TimelineSegment(span[0], min(END, span[0] + span[1]), span[2])
)
rewrites = st.lists(st.tuples(st.integers(0, END - 1), st.integers(1, 30), st.lists(spans, max_size=4)), max_size=12)


def painted(segments, speakers=SPEAKERS):
    grid = np.zeros((speakers, END), bool)
    for segment in segments:
        if segment.speaker is not None:
            grid[segment.speaker, segment.start_ms : segment.end_ms] = True
    return grid


@settings(deadline=None)
@given(rewrites)
def test_a_timeline_is_what_painting_each_millisecond_gives(steps):
    timeline, grid = Timeline(), np.zeros((SPEAKERS, END), bool)
    for start, length, segments in steps:
        end = min(END, start + length)
        before = grid.copy()
        grid[:, start:end] = painted(segments)[:, start:end]
        changed = np.zeros(END, bool)
        for first, last in timeline.rewrite(start, end, segments):
            changed[first:last] = True
        assert (changed | (before == grid).all(axis=0)).all()

        assert np.array_equal(painted(timeline.segments()), grid)
        assert {who: ms for who, ms in timeline.speaking_ms.items() if ms} == {
            who: int(grid[who].sum()) for who in range(SPEAKERS) if grid[who].any()
        }


@settings(deadline=None)
@given(rewrites)
def test_a_restored_timeline_is_the_same(steps):
    timeline, other = Timeline(), Timeline()
    for start, length, segments in steps:
        timeline.rewrite(start, min(END, start + length), segments)
    other.restore(timeline.snapshot())

    assert other.segments() == timeline.segments()
    assert {who: ms for who, ms in other.speaking_ms.items() if ms} == {who: ms for who, ms in timeline.speaking_ms.items() if ms}


def test_segments_are_the_longest_runs():
    timeline = Timeline()
    for start in range(0, 50, 10):
        timeline.rewrite(start, start + 10, [TimelineSegment(start, start + 10, 1)])

    assert timeline.segments() == [TimelineSegment(0, 50, 1)]


def test_silence_is_a_segment_of_nobody_and_what_was_never_said_is_none():
    timeline = Timeline()
    timeline.rewrite(10, 20, [])

    assert timeline.segments(0, 30) == [TimelineSegment(10, 20, None)]
