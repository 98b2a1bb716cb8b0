"""Sessions by address, as several processes count them together."""

from multiprocessing import get_context

import pytest

from speaker_tracker.server.address_table import AddressLimit, AddressRow, AddressTable
from speaker_tracker.server.worker_table import WorkerTable


@pytest.fixture
def rows():
    table = AddressTable(2, 3)
    return table.row(0), table.row(1)


def test_an_address_counts_in_all_processes(rows):
    one, two = rows
    cell = one.add("192.0.2.1")
    two.add("192.0.2.1")
    two.add("192.0.2.2")
    assert (one.count("192.0.2.1"), two.count("192.0.2.1"), one.count("192.0.2.2"), one.count("192.0.2.3")) == (2, 2, 1, 0)
    one.remove(cell)
    assert two.count("192.0.2.1") == 1


def test_cells_are_used_again(rows):
    for _ in range(10):
        for cell in [rows[0].add("192.0.2.1") for _ in range(3)]:
            rows[0].remove(cell)
    assert rows[0].count("192.0.2.1") == 0


def test_limit_is_that_of_all_and_each_address_has_its_own(rows):
    limits = [AddressLimit(1, row) for row in rows]
    with limits[0].place("192.0.2.1") as first, limits[1].place("192.0.2.1") as second, limits[1].place("192.0.2.2") as other:
        assert first is None
        assert second.code == "too_many_sessions"
        assert other is None
    with limits[1].place("192.0.2.1") as later:
        assert later is None


def test_who_has_no_address_is_not_counted(rows):
    with AddressLimit(1, rows[0]).place("") as first, AddressLimit(1, rows[0]).place("") as second:
        assert first is second is None


def test_memory_holds_no_address():
    table = AddressTable(1, 3)
    table.row(0).add("192.0.2.1")
    other = AddressTable(1, 3)
    other.row(0).add("192.0.2.1")
    assert b"192.0.2.1" not in bytes(table._cells)
    assert sorted(table._cells) != sorted(other._cells)


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_what_a_process_that_has_ended_counted_is_given_back(method):
    context = get_context(method)
    table = WorkerTable(2, context, addressed_sessions=4)
    process = context.Process(target=AddressRow.add, args=(table.row(1).addresses, "192.0.2.1"))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert table.row(0).addresses.count("192.0.2.1") == 1
    table.clear(1)
    assert table.row(0).addresses.count("192.0.2.1") == 0
