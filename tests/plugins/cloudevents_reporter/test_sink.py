import logging
import time

import pytest

from support.cloudevents_stage import report, until
from support.recording_sink import PATIENCE, RecordingSink, closed_address


def test_the_session_ends_while_the_sink_still_holds_the_request(loaded, sink):
    stage = loaded(sink=sink.url)
    sink.open.clear()
    report(stage)
    sink.events(1)

    assert stage.counters() == {"events_delivered": 0, "events_lost": 0, "retries": 0}
    sink.open.set()
    until(stage, events_delivered=1)


@pytest.mark.parametrize("status", [408, 429, 500, 503, 599])
def test_what_may_pass_is_tried_again_with_the_same_event(loaded, sink, status):
    sink.answers.append((status, {}))
    stage = loaded(sink=sink.url)
    report(stage)

    first, second = sink.events(2)
    assert first.get_attributes() == second.get_attributes()
    assert first.get_data() == second.get_data()
    until(stage, events_delivered=1, events_lost=0, retries=1)


def test_a_connection_that_breaks_is_tried_again(loaded, sink):
    sink.answers.append((0, {}))
    stage = loaded(sink=sink.url)
    report(stage)

    until(stage, events_delivered=1, events_lost=0, retries=1)


def test_an_answer_that_does_not_end_is_not_waited_for(loaded, sink):
    sink.answers.append((202, {"Content-Length": None}))
    stage = loaded(sink=sink.url, timeout_seconds=300)
    report(stage)

    until(stage, events_delivered=1, events_lost=0)


def test_the_pause_that_the_sink_asks_for_is_made(loaded, sink):
    sink.answers.append((429, {"Retry-After": "1"}))
    stage = loaded(sink=sink.url)
    begin = time.monotonic()
    report(stage)
    sink.events(2)

    assert time.monotonic() - begin >= 1
    until(stage, events_delivered=1, retries=1)


@pytest.mark.parametrize("asked", ["3600", "9" * 400, "Fri, 31 Dec 2100 23:59:59 GMT", "soon", "-1"])
def test_a_pause_too_long_to_wait_or_not_to_be_understood_is_not_made(loaded, sink, asked):
    sink.answers.append((503, {"Retry-After": asked}))
    stage = loaded(sink=sink.url, max_pause_seconds=0.01)
    report(stage)

    until(stage, events_delivered=1, retries=1)


def test_a_sink_that_is_away_costs_the_event_and_one_line(loaded, caplog):
    address = closed_address()
    stage = loaded(sink=f"{address.replace('//', '//anna:sesame@')}?key=sesame#sesame", retries=2)
    report(stage)
    until(stage, events_delivered=0, events_lost=1, retries=2)
    stage.close()

    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert caplog.messages[0].startswith(
        f"session test: its report was not delivered to {address}, and is lost: it cannot be reached ("
    )
    assert caplog.messages[0].endswith("refused); attempts: 3")


def test_a_sink_that_comes_back_gets_the_event(loaded):
    address = closed_address()
    stage = loaded(sink=address, retries=100, backoff_seconds=0.01, max_pause_seconds=1)
    report(stage)
    end = time.monotonic() + PATIENCE
    while not stage.counters()["retries"] and time.monotonic() < end:
        time.sleep(0.005)
    with RecordingSink(port=int(address.rsplit(":", 1)[1].partition("/")[0])) as sink:
        assert sink.events(1)[0].get_subject() == "test"
        until(stage, events_delivered=1, events_lost=0)


def test_a_sink_that_does_not_answer_costs_the_event(loaded, sink, caplog):
    sink.open.clear()
    stage = loaded(sink=sink.url, timeout_seconds=0.1, retries=0)
    report(stage)

    until(stage, events_lost=1)
    assert f"to {sink.url}, and is lost: it did not answer within 0.1 s; attempts: 1" in caplog.messages[0]


@pytest.mark.parametrize("status", [400, 401, 404, 410, 413, 415])
def test_what_is_refused_for_good_is_not_tried_again(loaded, sink, caplog, status):
    sink.answers.append((status, {}))
    stage = loaded(sink=sink.url)
    report(stage)
    until(stage, events_lost=1, retries=0)
    report(stage)

    assert len(sink.events(2)) == 2
    assert caplog.messages[0].endswith(f"and is lost: it answered with status {status}")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(loaded, sink, caplog, status):
    with RecordingSink() as elsewhere:
        sink.answers.append((status, {"Location": elsewhere.url}))
        stage = loaded(sink=sink.url, headers={"Authorization": "Bearer sesame"})
        report(stage)
        until(stage, events_lost=1, retries=0)

        assert elsewhere.requests == []
        assert caplog.messages[0].endswith(f"it answered with status {status}, and redirects are not followed")


def test_too_many_that_wait_are_lost(loaded, sink, caplog):
    sink.open.clear()
    stage = loaded(sink=sink.url, max_waiting_mib=0.01)
    for _ in range(100):
        report(stage)

    lost = stage.counters()["events_lost"]
    assert lost >= 80
    assert len(caplog.messages) == lost
    sink.open.set()
    until(stage, events_delivered=100 - lost)


def test_closing_waits_until_all_is_delivered(loaded, sink):
    sink.answers += [(503, {})] * 10
    stage = loaded(sink=sink.url, closing_seconds=PATIENCE)
    for _ in range(50):
        report(stage)
    stage.close()

    assert stage.counters() == {"events_delivered": 50, "events_lost": 0, "retries": 10}
    assert len({event.get_id() for event in sink.events(60)}) == 50


def test_closing_gives_up_on_a_sink_that_holds_the_request(loaded, sink, caplog):
    sink.open.clear()
    stage = loaded(sink=sink.url, closing_seconds=0.05)
    report(stage)
    sink.events(1)
    stage.close()

    assert stage.counters()["events_lost"] == 1
    assert caplog.messages == [
        f"reports of these sessions were not delivered to {sink.url} within 0.05 s of closing, and are lost: test"
    ]


def test_closing_does_not_wait_for_a_pause_that_it_would_not_outlast(loaded, sink, caplog):
    """Closing could take ten minutes; no test may."""
    sink.answers.append((503, {"Retry-After": "3600"}))
    stage = loaded(sink=sink.url, closing_seconds=600, max_pause_seconds=3600)
    report(stage)
    sink.events(1)
    stage.close()

    assert stage.counters()["events_lost"] == 1
    assert caplog.messages[0].endswith("it answered with status 503; the process ends before it could be tried again")
