"""What keeps sessions on behalf of their connections."""

import asyncio

import pytest

from speaker_tracker.engine.session import Keeping
from speaker_tracker.server.keeping import keeper as keeper_module
from speaker_tracker.server.keeping.keeper import SessionKeeper
from speaker_tracker.server.keeping.memory_store import MemoryStore
from speaker_tracker.server.keeping.sealing import Seal
from speaker_tracker.server.keeping.store import StoreUnavailable

KEEPING = Keeping("chain", 5.0, outlives_server=False)


class SlowStore(MemoryStore):
    """Saves once it is let; ``broken``: not at all."""

    def __init__(self):
        super().__init__()
        self.go_on = asyncio.Event()
        self.saved = []
        self.broken = False

    async def save(self, key, epoch, data, seconds):
        await self.go_on.wait()
        if self.broken:
            raise StoreUnavailable("no room")
        self.saved.append(data)
        return await super().save(key, epoch, data, seconds)


@pytest.fixture
async def store():
    return SlowStore()


@pytest.fixture
async def keeper(store):
    made = SessionKeeper(store, KEEPING, 60)
    yield made
    store.go_on.set()
    await made.close()


async def settle():
    for _ in range(10):
        await asyncio.sleep(0)


async def test_one_save_is_under_way_at_a_time_and_of_those_that_wait_the_latest_wins(keeper, store):
    held = await keeper.create("token", b"0", lambda: None)
    stored = []
    for number in range(1, 6):
        held.keep(str(number).encode(), lambda number=number: stored.append(number))
        await settle()
    store.go_on.set()
    await settle()
    assert store.saved == [b"1", b"5"]
    assert stored == [1, 5]


async def test_the_earlier_connection_is_told_at_once_and_saves_nothing_more(keeper, store):
    told = []
    first = await keeper.create("token", b"state", lambda: told.append("first"))
    second, data = await keeper.claim("token", lambda: told.append("second"))
    assert (told, data) == (["first"], b"state")
    store.go_on.set()
    first.keep(b"late", lambda: told.append("stored"))
    await first.forget()
    await settle()
    assert (await keeper.claim("token", lambda: None))[1] == b"state"
    assert told == ["first", "second"]
    second.let_go()


async def test_another_process_is_found_to_have_taken_a_session_over(store, monkeypatch):
    monkeypatch.setattr(keeper_module, "TOUCH_SECONDS", 0.01)
    store.go_on.set()
    one, other = SessionKeeper(store, KEEPING, 60), SessionKeeper(store, KEEPING, 60)
    told = asyncio.Event()
    await one.create("token", b"state", told.set)
    await other.claim("token", lambda: None)
    async with asyncio.timeout(10):
        await told.wait()
    await one.close()
    await other.close()


async def test_a_silent_session_does_not_expire_while_it_is_connected():
    keeper = SessionKeeper(MemoryStore(), KEEPING, 0.15)
    held = await keeper.create("token", b"state", lambda: None)
    await asyncio.sleep(0.5)
    held.let_go()
    assert await keeper.claim("token", lambda: None) is not None
    await keeper.close()


async def test_a_save_that_fails_is_not_acknowledged_and_the_log_says_so_once(keeper, store, caplog):
    held = await keeper.create("token", b"0", lambda: None)
    store.broken = True
    store.go_on.set()
    stored = []
    for _ in range(3):
        held.keep(b"1", lambda: stored.append(1))
        await settle()
    store.broken = False
    held.keep(b"2", lambda: stored.append(2))
    await settle()
    assert stored == [2]
    assert [record.message for record in caplog.records] == ["sessions cannot be kept now, and could not be resumed: no room"]


async def test_what_another_secret_has_sealed_is_as_if_it_were_not_there(store):
    sealing = SessionKeeper(store, KEEPING, 60, Seal(["a" * 32]))
    await sealing.create("token", b"state", lambda: None)
    assert await SessionKeeper(store, KEEPING, 60, Seal(["b" * 32])).claim("token", lambda: None) is None
    _, data = await SessionKeeper(store, KEEPING, 60, Seal(["b" * 32, "a" * 32])).claim("token", lambda: None)
    assert data == b"state"


async def test_a_session_that_is_over_is_removed_after_a_save_under_way(keeper, store):
    held = await keeper.create("token", b"0", lambda: None)
    held.keep(b"1", lambda: None)
    await settle()
    forgetting = asyncio.create_task(held.forget())
    await settle()
    assert not forgetting.done()
    store.go_on.set()
    await forgetting
    assert await keeper.claim("token", lambda: None) is None
