"""Figures that processes share."""

from multiprocessing import get_context

import pytest

from speaker_tracker.server.worker_table import WorkerRow, WorkerTable


@pytest.fixture
def table():
    return WorkerTable(3, get_context("spawn"))


def test_sessions_are_those_of_all(table):
    table.row(0).set_sessions(2)
    table.row(2).set_sessions(5)
    assert [table.row(number).sessions for number in range(3)] == [7, 7, 7]


def test_the_fewest_connections_are_looked_for_among_those_who_take_any(table):
    one, two, three = (table.row(number) for number in range(3))
    for row in (one, two):
        row.set_listening(listening=True)
    assert one.has_fewest
    assert two.has_fewest
    one.add_connections(2)
    two.add_connections(1)
    assert not one.has_fewest
    assert two.has_fewest
    two.add_connections(1)
    assert one.has_fewest
    three.set_listening(listening=True)
    assert not one.has_fewest


def test_who_has_ended_is_counted_no_more(table):
    for number in range(3):
        table.row(number).set_listening(listening=True)
        table.row(number).set_sessions(1)
    table.row(0).add_connections(4)
    table.clear(1)
    table.clear(2)
    assert table.row(0).has_fewest
    assert table.row(0).sessions == 1


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_another_process_writes_to_the_same_table(method):
    context = get_context(method)
    table = WorkerTable(2, context)
    process = context.Process(target=WorkerRow.set_sessions, args=(table.row(1), 9))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert table.row(0).sessions == 9
