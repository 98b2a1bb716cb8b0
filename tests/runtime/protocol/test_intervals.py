import random

from speaker_tracker.protocol.intervals import IntervalSet


def test_intervals_that_overlap_or_touch_become_one():
    assert list(IntervalSet([(0, 10), (20, 30), (10, 12), (25, 40)])) == [(0, 12), (20, 40)]


def test_an_interval_over_several_swallows_them():
    assert list(IntervalSet([(0, 10), (20, 30), (40, 50), (5, 45)])) == [(0, 50)]


def test_empty_intervals_add_nothing():
    assert list(IntervalSet([(5, 5), (7, 3)])) == []


def test_missing_parts_are_the_gaps():
    held = IntervalSet([(10, 20), (30, 40)])
    assert held.missing_from(0, 50) == [(0, 10), (20, 30), (40, 50)]
    assert held.missing_from(15, 35) == [(20, 30)]
    assert held.missing_from(12, 18) == []
    assert held.missing_from(20, 30) == [(20, 30)]


def test_it_equals_a_set_of_numbers():
    random.seed(1)
    held, numbers = IntervalSet(), set()
    for _ in range(300):
        start = random.randrange(2000)
        end = start + random.randrange(20)
        missing = {ms for begin, behind in held.missing_from(start, end) for ms in range(begin, behind)}
        assert missing == set(range(start, end)) - numbers
        held.add(start, end)
        numbers |= set(range(start, end))
        assert held.total_ms == len(numbers)
    assert {ms for begin, behind in held for ms in range(begin, behind)} == numbers


def test_taking_out_cuts_splits_and_swallows():
    def without(start, end):
        held = IntervalSet([(0, 10), (20, 30), (40, 50)])
        held.remove(start, end)
        return list(held)

    assert without(5, 45) == [(0, 5), (45, 50)]
    assert without(22, 25) == [(0, 10), (20, 22), (25, 30), (40, 50)]
    assert without(10, 20) == without(25, 25) == without(28, 22) == [(0, 10), (20, 30), (40, 50)]
    assert without(20, 30) == [(0, 10), (40, 50)]
    assert without(0, 50) == []


def test_adding_and_removing_equal_those_of_a_set_of_numbers():
    random.seed(2)
    held, numbers = IntervalSet(), set()
    for _ in range(600):
        start = random.randrange(1000)
        end = start + random.randrange(60)
        if random.random() < 0.5:
            held.add(start, end)
            numbers |= set(range(start, end))
        else:
            held.remove(start, end)
            numbers -= set(range(start, end))
        assert held.total_ms == len(numbers)
    assert {ms for begin, behind in held for ms in range(begin, behind)} == numbers
