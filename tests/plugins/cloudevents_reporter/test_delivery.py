import logging
import subprocess
import sys
import threading
import time

import pytest

from speaker_tracker_plugins.cloudevents_reporter.delivery import (
    OVERHEAD_BYTES,
    THREADS,
    DeliveryError,
    EventDelivery,
    SessionReport,
)

PATIENCE = 60
MANY_BYTES = 1 << 20

AT_EXIT = """
import threading
from speaker_tracker_plugins.cloudevents_reporter.delivery import EventDelivery, SessionReport

ending = threading.Event()
threading.Thread(target=lambda: (threading.main_thread().join(), ending.set())).start()

def post(report, pause):
    ending.wait()
    print(report.session_id)

delivery = EventDelivery(post, sink="the sink", max_waiting_bytes=1 << 20, closing_seconds=60)
delivery.hand_over(SessionReport("one", 2, 0, "{}"))
"""


class Door:
    """A ``post`` that lets nothing through until it is opened, and knows what came."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.came: list[str] = []
        self._news = threading.Condition()

    def post(self, report, _pause):
        with self._news:
            self.came.append(report.session_id)
            self._news.notify_all()
        assert self.opened.wait(PATIENCE)

    def until(self, count):
        with self._news:
            assert self._news.wait_for(lambda: len(self.came) >= count, PATIENCE)


def report(session_id, text="{}"):
    return SessionReport(session_id, 2, 0, text)


@pytest.fixture
def start():
    deliveries = []

    def start(post, max_waiting_bytes=MANY_BYTES, closing_seconds=PATIENCE):
        delivery = EventDelivery(post, sink="the sink", max_waiting_bytes=max_waiting_bytes, closing_seconds=closing_seconds)
        deliveries.append(delivery)
        return delivery

    yield start
    for delivery in deliveries:
        delivery.close()


@pytest.fixture
def door():
    door = Door()
    yield door
    door.opened.set()


def totals(delivery):
    counters = delivery.counters()
    return counters["events_delivered"], counters["events_lost"], counters["retries"]


def until_totals(delivery, expected):
    end = time.monotonic() + PATIENCE
    while totals(delivery) != expected and time.monotonic() < end:
        time.sleep(0.005)
    assert totals(delivery) == expected


def occupied(delivery, door):
    """Every thread holds a report."""
    before = len(door.came)
    for number in range(THREADS):
        delivery.hand_over(report(f"held-{number}"))
        door.until(before + number + 1)


def until_closing(delivery):
    """Hands reports over until one is refused."""
    end = time.monotonic() + PATIENCE
    while not (lost := totals(delivery)[1]) and time.monotonic() < end:
        delivery.hand_over(report("late"))
        time.sleep(0.005)
    assert lost


def test_a_report_is_handed_over_without_waiting_for_its_delivery(start, door):
    delivery = start(door.post)
    delivery.hand_over(report("one"))
    door.until(1)

    assert totals(delivery) == (0, 0, 0)
    door.opened.set()
    until_totals(delivery, (1, 0, 0))


def test_one_report_on_its_way_does_not_hold_up_the_others(start, door):
    posted = []

    def post(report, pause):
        if report.session_id == "slow":
            door.post(report, pause)
        posted.append(report.session_id)

    delivery = start(post)
    delivery.hand_over(report("slow"))
    door.until(1)
    for number in range(3):
        delivery.hand_over(report(f"fast-{number}"))

    until_totals(delivery, (3, 0, 0))
    assert sorted(posted) == ["fast-0", "fast-1", "fast-2"]


def test_pauses_do_not_hold_up_the_others(start):
    def post(report, pause):
        if report.session_id.startswith("bad") and not pause(3600):
            raise DeliveryError("no time")

    delivery = start(post)
    for number in range(THREADS - 1):
        delivery.hand_over(report(f"bad-{number}"))
    for number in range(10):
        delivery.hand_over(report("good"))
        until_totals(delivery, (number + 1, 0, 0))


def test_what_does_not_fit_any_more_is_lost_with_a_line_in_the_log(start, door, caplog):
    delivery = start(door.post, max_waiting_bytes=2 * (OVERHEAD_BYTES + 2))
    occupied(delivery, door)
    for name in ("one", "two", "three"):
        delivery.hand_over(report(name))

    assert totals(delivery) == (0, 1, 0)
    assert caplog.messages == ["session three: its report was not delivered to the sink, and is lost: 2 others wait already"]
    door.opened.set()
    until_totals(delivery, (THREADS + 2, 1, 0))
    assert sorted(door.came[THREADS:]) == ["one", "two"]


def test_room_that_was_taken_is_free_again_after_delivery(start, door):
    delivery = start(door.post, max_waiting_bytes=2 * OVERHEAD_BYTES)
    occupied(delivery, door)
    delivery.hand_over(report("one"))
    door.opened.set()
    until_totals(delivery, (THREADS + 1, 0, 0))

    door.opened.clear()
    occupied(delivery, door)
    delivery.hand_over(report("two"))
    assert totals(delivery) == (THREADS + 1, 0, 0)


def test_one_report_fits_however_long_it_is(start, door):
    delivery = start(door.post, max_waiting_bytes=1)
    occupied(delivery, door)
    delivery.hand_over(report("long", "x" * 100_000))

    door.opened.set()
    until_totals(delivery, (THREADS + 1, 0, 0))


def test_a_report_that_is_not_taken_is_lost_with_a_line_in_the_log(start, caplog):
    def post(_report, _pause):
        raise DeliveryError("it answered with status 410")

    delivery = start(post)
    delivery.hand_over(report("one"))

    until_totals(delivery, (0, 1, 0))
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "session one: its report was not delivered to the sink, and is lost: it answered with status 410")
    ]


def test_an_unforeseen_failure_costs_one_report_and_no_thread(start, caplog):
    def post(report, _pause):
        if report.session_id.startswith("bad"):
            raise KeyError("what")

    delivery = start(post)
    for number in range(2 * THREADS):
        delivery.hand_over(report(f"bad-{number}"))
    delivery.hand_over(report("good"))

    until_totals(delivery, (1, 2 * THREADS, 0))
    assert all(message.endswith("is lost: KeyError: 'what'") for message in caplog.messages)


def test_pauses_are_counted_as_retries(start):
    def post(_report, pause):
        assert pause(0)
        assert pause(0.001)

    delivery = start(post)
    delivery.hand_over(report("one"))

    until_totals(delivery, (1, 0, 2))


def test_closing_waits_for_what_was_handed_over(start, door):
    delivery = start(door.post)
    occupied(delivery, door)
    delivery.hand_over(report("waiting"))
    closing = threading.Thread(target=delivery.close)
    closing.start()
    until_closing(delivery)

    assert closing.is_alive()
    door.opened.set()
    closing.join(PATIENCE)
    assert not closing.is_alive()
    assert totals(delivery)[0] == len(door.came)
    assert "waiting" in door.came


def test_closing_gives_up_in_time_and_names_what_is_lost(start, door, caplog):
    delivery = start(door.post, closing_seconds=0.05)
    occupied(delivery, door)
    delivery.hand_over(report("waiting"))
    delivery.close()

    assert totals(delivery) == (0, THREADS + 1, 0)
    (line,) = caplog.messages
    assert line.startswith("reports of these sessions were not delivered to the sink within 0.05 s of closing, and are lost: ")
    assert all(name in line for name in ("held-0", f"held-{THREADS - 1}", "waiting"))


def test_what_was_given_up_on_is_not_counted_again_when_it_comes_through(start, door):
    delivery = start(door.post, closing_seconds=0.05)
    occupied(delivery, door)
    delivery.close()
    before = {thread for thread in threading.enumerate() if thread.name.startswith("event-delivery-")}
    door.opened.set()
    for thread in before:
        thread.join(PATIENCE)

    assert totals(delivery) == (0, THREADS, 0)


def test_a_long_list_of_lost_reports_stays_one_readable_line(start, door, caplog):
    delivery = start(door.post, closing_seconds=0)
    occupied(delivery, door)
    for number in range(100):
        delivery.hand_over(report(f"waiting-{number}"))
    delivery.close()

    (line,) = caplog.messages
    assert totals(delivery) == (0, THREADS + 100, 0)
    assert line.endswith(f" and {THREADS + 80} more")


def test_a_pause_that_would_outlast_closing_ends_when_closing_begins(start):
    pausing, pauses = threading.Event(), []

    def post(_report, pause):
        pausing.set()
        pauses.append(pause(3600))
        raise DeliveryError("no time")

    delivery = start(post, closing_seconds=600)
    delivery.hand_over(report("one"))
    assert pausing.wait(PATIENCE)
    delivery.close()

    assert pauses == [False]
    assert totals(delivery) == (0, 1, 0)


def test_a_pause_that_would_outlast_closing_does_not_begin(start):
    pauses = []

    def post(report, pause):
        if report.session_id == "one":
            until_closing(delivery)
            pauses.append(pause(3600))
            raise DeliveryError("no time")

    delivery = start(post, closing_seconds=600)
    delivery.hand_over(report("one"))
    delivery.close()

    assert pauses == [False]
    assert totals(delivery)[2] == 0


def test_a_report_after_the_end_is_lost(start, door, caplog):
    delivery = start(door.post)
    delivery.close()
    delivery.hand_over(report("late"))

    assert totals(delivery) == (0, 1, 0)
    assert caplog.messages == ["session late: its report was not delivered to the sink, and is lost: the process is about to end"]


def test_closing_twice_changes_nothing(start, door):
    door.opened.set()
    delivery = start(door.post)
    delivery.hand_over(report("one"))
    delivery.close()
    delivery.close()

    assert totals(delivery) == (1, 0, 0)


def test_the_threads_end_with_closing(start, door):
    before = set(threading.enumerate())
    delivery = start(door.post)
    threads = set(threading.enumerate()) - before
    delivery.close()
    for thread in threads:
        thread.join(PATIENCE)

    assert len(threads) == THREADS
    assert not any(thread.is_alive() for thread in threads)


def test_a_process_that_ends_without_closing_delivers_all_the_same():
    done = subprocess.run([sys.executable, "-c", AT_EXIT], check=True, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.stdout, done.stderr) == ("one\n", "")


def test_totals_are_consistent_however_many_report_at_once(start):
    delivery = start(lambda _report, pause: pause(0), max_waiting_bytes=100 * MANY_BYTES)
    sessions = [threading.Thread(target=lambda: [delivery.hand_over(report("one")) for _ in range(200)]) for _ in range(8)]
    for session in sessions:
        session.start()
    for session in sessions:
        session.join(PATIENCE)
    delivery.close()

    assert totals(delivery) == (1600, 0, 1600)
