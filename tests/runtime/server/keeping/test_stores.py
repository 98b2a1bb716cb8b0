"""What every store does alike, and what is special to each."""

import asyncio
import secrets
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from speaker_tracker.server.keeping.memory_store import MemoryStore
from speaker_tracker.server.keeping.redis_store import RedisStore
from speaker_tracker.server.keeping.sqlite_store import SqliteStore
from speaker_tracker.server.keeping.store import Claimed, StoreUnavailable

STATE = bytes(range(256)) * 100


@pytest.fixture
def key():
    return secrets.token_hex(32)


async def test_a_session_is_kept_saved_claimed_and_forgotten(store, key):
    await store.create(key, b"first", 60)
    assert await store.save(key, 0, STATE, 60)
    assert await store.claim(key, 60) == Claimed(1, STATE)
    assert await store.save(key, 1, b"more", 60)
    await store.forget(key, 1)
    assert await store.claim(key, 60) is None
    assert not await store.save(key, 1, b"late", 60)


async def test_only_the_connection_that_claimed_it_last_may_save_or_forget(store, key):
    await store.create(key, b"first", 60)
    assert (await store.claim(key, 60)).epoch == 1
    assert (await store.claim(key, 60)).epoch == 2

    assert not await store.save(key, 0, b"of the first", 60)
    assert not await store.save(key, 1, b"of the second", 60)
    await store.forget(key, 1)

    assert await store.claim(key, 60) == Claimed(3, b"first")


async def test_of_many_that_claim_at_once_each_has_an_epoch_of_its_own(store, key):
    await store.create(key, STATE, 60)
    claims = await asyncio.gather(*(store.claim(key, 60) for _ in range(20)))
    assert sorted(claim.epoch for claim in claims) == list(range(1, 21))


async def test_a_session_expires(store, key):
    await store.create(key, STATE, 0.05)
    await asyncio.sleep(0.1)
    assert await store.claim(key, 60) is None


async def test_a_connection_that_still_has_an_expired_session_keeps_it_anew(store, key):
    await store.create(key, STATE, 60)
    assert (await store.claim(key, 0.05)).epoch == 1
    await asyncio.sleep(0.1)
    assert await store.save(key, 1, b"more", 60)
    assert not await store.save(key, 0, b"of another", 60)
    assert await store.claim(key, 60) == Claimed(2, b"more")


async def test_a_session_that_is_over_is_kept_anew_by_nobody(store, key):
    await store.create(key, STATE, 60)
    await store.claim(key, 60)
    await store.forget(key, 1)
    for epoch in (0, 1):
        assert not await store.save(key, epoch, b"late", 60)
        assert not await store.touch(key, epoch, 60)
        await store.forget(key, epoch)
    assert await store.claim(key, 60) is None


async def test_a_save_keeps_it_longer(store, key):
    await store.create(key, STATE, 0.3)
    assert await store.save(key, 0, STATE, 60)
    await asyncio.sleep(0.4)
    assert await store.claim(key, 60) is not None


async def test_a_touch_keeps_it_longer_for_who_has_it(store, key):
    await store.create(key, STATE, 0.3)
    assert await store.touch(key, 0, 60)
    assert not await store.touch(key, 1, 0.01)
    await asyncio.sleep(0.4)
    assert await store.claim(key, 60) == Claimed(1, STATE)
    assert not await store.touch(key, 0, 60)


async def test_a_key_that_never_was_is_nothing(store, key):
    assert await store.claim(key, 60) is None
    assert await store.touch(key, 0, 60)  # it may only be lost, and is kept anew by the next save
    await store.forget(key, 0)
    assert await store.claim(key, 60) is None


# -- memory ------------------------------------------------------------------------------------------------------------------------


async def test_memory_is_bounded_and_the_sessions_saved_longest_ago_go_first():
    store = MemoryStore(max_bytes=10)
    for key in ("a", "b", "c"):
        await store.create(key, b"1234", 60)
    assert await store.claim("a", 60) is None
    assert await store.claim("b", 60) is not None
    assert await store.claim("c", 60) is not None


# -- SQLite ------------------------------------------------------------------------------------------------------------------------


async def test_a_file_is_shared_outlives_its_store_and_is_for_its_owner_alone(tmp_path, key):
    path = tmp_path / "sessions.sqlite"
    one, other = SqliteStore(path), SqliteStore(path)
    await one.create(key, STATE, 60)
    assert (await other.claim(key, 60)).epoch == 1
    assert not await one.save(key, 0, b"late", 60)
    await one.close()
    await other.close()

    third = SqliteStore(path)
    assert await third.claim(key, 60) == Claimed(2, STATE)
    await third.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_file_that_another_process_locks_is_unavailable_for_now(tmp_path, key, monkeypatch):
    monkeypatch.setattr("speaker_tracker.server.keeping.sqlite_store.BUSY_SECONDS", 0.05)
    store = SqliteStore(tmp_path / "sessions.sqlite")
    await store.create(key, STATE, 60)
    with sqlite3.connect(tmp_path / "sessions.sqlite", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked"):
            await store.save(key, 0, b"more", 60)
        other.execute("ROLLBACK")
    assert await store.save(key, 0, b"more", 60)
    await store.close()
    other.close()


async def test_a_full_disk_is_unavailable_and_what_was_kept_is_still_there(tmp_path, key):
    store = SqliteStore(tmp_path / "sessions.sqlite")
    await store.create(key, STATE, 60)

    def bounded(database):
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        database.execute(f"PRAGMA max_page_count = {pages}")

    await store._run(bounded)
    with pytest.raises(StoreUnavailable, match="full"):
        await store.create("another", bytes(1_000_000), 60)
    assert await store.claim(key, 60) == Claimed(1, STATE)
    await store.close()


async def test_expired_sessions_leave_the_file(tmp_path):
    path = tmp_path / "sessions.sqlite"
    now = [1000.0]
    store = SqliteStore(path, clock=lambda: now[0])
    await store.create("old", STATE, 60)
    now[0] += 100
    await store.create("new", b"1", 60)
    await store.close()
    with sqlite3.connect(path) as database:
        assert [row[0] for row in database.execute("SELECT key FROM sessions")] == ["new"]
    database.close()
    assert STATE[:64] not in path.read_bytes()


async def test_a_file_that_was_removed_is_made_anew_with_what_is_saved_next(tmp_path, key):
    path = tmp_path / "sessions.sqlite"
    one, other = SqliteStore(path), SqliteStore(path)
    await one.create(key, STATE, 60)
    for file in tmp_path.iterdir():
        file.unlink()
    assert await one.save(key, 0, b"more", 60)
    assert await other.claim(key, 60) == Claimed(1, b"more")
    assert not await one.save(key, 0, b"late", 60)
    await one.close()
    await other.close()


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_clock_that_jumps_costs_no_session_that_a_connection_has(tmp_path, key, hours):
    now = [1e9]
    store = SqliteStore(tmp_path / "sessions.sqlite", clock=lambda: now[0])
    await store.create(key, STATE, 60)
    await store.create("of nobody", STATE, 60)
    now[0] += 3600 * hours
    assert await store.save(key, 0, b"more", 60)
    assert await store.claim(key, 60) == Claimed(1, b"more")
    assert (await store.claim("of nobody", 60) is None) == (hours > 0)
    now[0] += 100
    assert await store.claim(key, 60) is None
    await store.close()


def test_processes_that_make_the_same_file_at_once_wait_for_each_other(tmp_path):
    for number in range(20):
        with ThreadPoolExecutor(6) as several:
            stores = list(several.map(lambda _, path=tmp_path / f"{number}.sqlite": SqliteStore(path), range(6)))
        for store in stores:
            asyncio.run(store.close())


@pytest.mark.parametrize("content", [None, b"no database at all" * 100])
def test_a_file_that_is_no_database_or_cannot_be_one_is_refused(tmp_path, content):
    path = tmp_path / "sessions.sqlite"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(StoreUnavailable, match="cannot be used for sessions"):
        SqliteStore(path)


# -- Redis -------------------------------------------------------------------------------------------------------------------------


async def test_a_redis_that_is_gone_slow_or_back_is_unavailable_only_meanwhile(redis, key, monkeypatch):
    monkeypatch.setattr("speaker_tracker.server.keeping.redis_store.TIMEOUT_SECONDS", 0.2)
    store = RedisStore(redis.url)
    await store.create(key, STATE, 60)

    redis.pause(1.0)
    with pytest.raises(StoreUnavailable, match="Redis"):
        await store.save(key, 0, STATE, 60)
    await asyncio.sleep(1.2)
    assert await store.save(key, 0, STATE, 60)

    redis.stop()
    with pytest.raises(StoreUnavailable, match="Redis"):
        await store.claim(key, 60)
    redis.start()  # and has nothing of what it had
    assert await store.claim(key, 60) is None
    assert await store.save(key, 0, STATE, 60)
    assert await store.claim(key, 60) == Claimed(1, STATE)
    await store.close()
