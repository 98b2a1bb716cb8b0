"""Every store of sessions, each a real one."""

import pytest

from speaker_tracker.server.keeping.memory_store import MemoryStore
from speaker_tracker.server.keeping.redis_store import RedisStore
from speaker_tracker.server.keeping.sqlite_store import SqliteStore
from support.redis_process import RedisProcess


@pytest.fixture(scope="session")
def redis(tmp_path_factory):
    process = RedisProcess(tmp_path_factory.mktemp("redis"))
    yield process
    process.stop()


@pytest.fixture(params=["memory", "sqlite", "redis"])
async def store(request, tmp_path):
    match request.param:
        case "memory":
            opened = MemoryStore()
        case "sqlite":
            opened = SqliteStore(tmp_path / "below" / "sessions.sqlite")
        case "redis":
            opened = RedisStore(request.getfixturevalue("redis").url)
    yield opened
    await opened.close()
