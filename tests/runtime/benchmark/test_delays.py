import pytest

from speaker_tracker.benchmark.delays import Percentiles, SessionDelays


def test_percentiles_are_values_that_were_measured():
    found = Percentiles.of([number / 1000 for number in range(1, 101)])
    assert found == Percentiles(p50=50, p95=95, p99=99, most=100)
    assert Percentiles.of([0.25]) == Percentiles(250, 250, 250, 250)
    assert Percentiles.of([]) is None


@pytest.fixture
def session():
    """Ten frames of 100 ms, sent in real time from 0 on."""
    delays = SessionDelays(frame_ms=100)
    for number in range(10):
        delays.sent(number / 10)
    return delays


def test_a_delay_counts_from_the_last_frame_that_a_message_covers(session):
    session.received(500, 0.45)  # the fifth frame, sent at 0.4
    session.received(1000, 1.2)  # the tenth, sent at 0.9
    assert session.within(0, 2) == pytest.approx([0.05, 0.3])


def test_a_message_that_ends_within_a_frame_covers_that_frame(session):
    session.received(512, 0.58)  # within the sixth frame, sent at 0.5
    assert session.within(0, 0.6) == pytest.approx([0.08])


def test_only_messages_of_the_time_that_counts_are_in(session):
    session.received(500, 0.45)
    session.received(900, 0.95)
    assert session.within(0.5, 1.0) == pytest.approx([0.15])
    assert session.within(0.0, 0.5) == pytest.approx([0.05])


def test_messages_that_cover_nothing_new_do_not_count(session):
    session.received(500, 0.45)
    session.received(500, 0.6)
    assert len(session.within(0, 1)) == 1
    assert session.covered_ms == 500


def test_messages_that_are_overdue_count_with_their_delay_so_far(session):
    session.received(200, 0.15)  # so there is one for every 200 ms
    # Those for 400, 600, 800 and 1000 ms never come; their frames were sent at 0.3, 0.5, 0.7 and 0.9.
    assert session.within(0, 1.0) == pytest.approx([0.05, 0.7, 0.5, 0.3])


def test_a_message_that_is_not_late_yet_does_not_count(session):
    session.received(500, 0.45)
    assert session.within(0, 1.0) == pytest.approx([0.05])
