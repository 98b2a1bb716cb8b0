import pytest

from speaker_tracker.benchmark.capacity import CapacitySearch


def tried(carried, limit=256):
    search, numbers = CapacitySearch(limit), []
    while (sessions := search.next()) is not None:
        numbers.append(sessions)
        search.record(sessions, passed=sessions <= carried)
    return numbers, search.passed


def test_numbers_are_doubled_until_one_fails_and_then_halved():
    assert tried(60) == ([8, 16, 32, 64, 48, 56, 60, 62], 60)


@pytest.mark.parametrize("carried", [1, 2, 3, 5, 8, 13, 37, 64, 100, 255])
def test_what_is_found_is_near_what_is_carried(carried):
    numbers, found = tried(carried)
    assert found <= carried <= found + max(1, 0.06 * carried)
    assert len(set(numbers)) == len(numbers)


def test_a_machine_that_carries_none_is_asked_for_one_at_last():
    assert tried(0) == ([8, 4, 2, 1], 0)


def test_the_limit_is_tried_and_not_passed():
    assert tried(1000, limit=20) == ([8, 16, 20], 20)
    assert tried(1000, limit=4) == ([4], 4)
