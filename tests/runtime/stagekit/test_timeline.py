import numpy as np
import pytest

from speaker_tracker.events import TimelineSegment
from speaker_tracker.stagekit.timeline import Timeline

END = 60
SPEAKERS = 3


def rewrites(seed):
    """Some rewrites at random: start, end, and segments that may overlap each other and reach beyond them."""
    draw = np.random.default_rng(seed).integers
    for _ in range(draw(0, 12)):
        start = int(draw(0, END))
        begins = [int(draw(0, END)) for _ in range(draw(0, 5))]
        segments = [TimelineSegment(first, min(END, first + int(draw(1, 20))), int(draw(0, SPEAKERS))) for first in begins]
        yield start, min(END, start + int(draw(1, 30))), segments


def painted(segments, speakers=SPEAKERS):
    grid = np.zeros((speakers, END), bool)
    for segment in segments:
        if segment.speaker is not None:
            grid[segment.speaker, segment.start_ms : segment.end_ms] = True
    return grid


@pytest.mark.parametrize("seeds", [range(first, first + 100) for first in range(0, 1000, 100)])
def test_a_timeline_is_what_painting_each_millisecond_gives(seeds):
    for seed in seeds:
        check_against_painting(rewrites(seed))


def check_against_painting(steps):
    timeline, grid = Timeline(), np.zeros((SPEAKERS, END), bool)
    for start, end, segments in steps:
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


@pytest.mark.parametrize("seed", range(20))
def test_a_restored_timeline_is_the_same(seed):
    timeline, other = Timeline(), Timeline()
    for start, end, segments in rewrites(seed):
        timeline.rewrite(start, end, segments)
    other.restore(timeline.snapshot())

    assert other.segments() == timeline.segments()
    assert other.speaking_ms == timeline.speaking_ms


def test_segments_are_the_longest_runs():
    timeline = Timeline()
    for start in range(0, 50, 10):
        timeline.rewrite(start, start + 10, [TimelineSegment(start, start + 10, 1)])

    assert timeline.segments() == [TimelineSegment(0, 50, 1)]


def test_silence_is_a_segment_of_nobody_and_what_was_never_said_is_none():
    timeline = Timeline()
    timeline.rewrite(10, 20, [])

    assert timeline.segments(0, 30) == [TimelineSegment(10, 20, None)]
