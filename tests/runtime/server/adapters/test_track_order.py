import pytest

from speaker_tracker.errors import BadInput
from speaker_tracker.server.adapters.track_order import MAX_WAITING, Chunk, TrackOrder


def chunk(number, timestamp=None):
    """20 ms whose bytes say which chunk it is."""
    return Chunk(number, 20 * (number - 1) if timestamp is None else timestamp, bytes([number]) * 160)


def put_out(chunks):
    """Gaps in ms, and the numbers of chunks."""
    order = TrackOrder()
    out = [each for one in chunks for each in order.add(one)] + order.rest()
    return [f"gap {each}" if isinstance(each, int) else each[0] for each in out]


@pytest.mark.parametrize("numbers", [[1, 2, 3, 4], [2, 1, 3, 4], [4, 3, 2, 1], [1, 3, 4, 2]])
def test_chunks_come_out_in_order(numbers):
    assert put_out(map(chunk, numbers)) == [1, 2, 3, 4]


def test_a_chunk_that_never_comes_is_a_gap():
    assert put_out(map(chunk, [1, 2, *range(5, 20)])) == [1, 2, "gap 40", *range(5, 20)]


def test_others_wait_for_it_no_longer_than_a_while():
    order = TrackOrder()
    order.add(chunk(1))
    out = [order.add(chunk(number)) for number in range(3, 4 + MAX_WAITING)]
    assert all(each == [] for each in out[:-1])
    assert len(out[-1]) == MAX_WAITING + 2


def test_a_chunk_that_comes_too_late_or_twice_is_dropped():
    order = TrackOrder()
    for number in (1, 2, 2, 1, 4, 4, 3):
        order.add(chunk(number))
    assert order.dropped == 3


def test_a_track_that_is_silent_at_first_or_for_a_while_has_a_gap():
    assert put_out([chunk(1, 500), chunk(2, 520), chunk(3, 5000)]) == ["gap 500", 1, 2, "gap 4460", 3]


def test_timestamps_that_drift_a_little_are_no_gap():
    assert put_out([chunk(1, 5), chunk(2, 30), chunk(3, 55), chunk(4, 40)]) == [1, 2, 3, 4]


def test_without_numbers_and_timestamps_chunks_come_out_as_they_are():
    assert put_out([Chunk(None, None, b"\1" * 160), Chunk(None, None, b"\2" * 160)]) == [1, 2]


def test_numbers_may_begin_with_nought():
    assert put_out([Chunk(0, 0, b"\7" * 160), Chunk(1, 20, b"\1" * 160)]) == [7, 1]


def test_a_timestamp_that_cannot_be_is_refused():
    with pytest.raises(BadInput, match="must be in ms"):
        put_out([chunk(1, 10**13)])
