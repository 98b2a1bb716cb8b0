"""Sessions kept in Redis: any server that uses it can go on with them. Needs the extra ``redis``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from speaker_tracker.server.keeping.store import Claimed, StoreUnavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

TIMEOUT_SECONDS = 2.0
"""Time for Redis to answer, and to be connected to."""
PREFIX = "speaker-tracker:session:"

SAVE = """
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if epoch and epoch ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'data', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""
TOUCH = """
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if epoch and epoch ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""
CLAIM = """
local data = redis.call('HGET', KEYS[1], 'data')
if not data or data == '' then return false end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return {redis.call('HINCRBY', KEYS[1], 'epoch', 1), data}
"""
FORGET = """
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
redis.call('HINCRBY', KEYS[1], 'epoch', 1)
redis.call('HSET', KEYS[1], 'data', '')
return 1
"""
"""Scripts, as reading and writing must be one step. A session that is over has no data."""


class RedisStore:
    """A ``SessionStore`` in the Redis at ``url`` (``redis://``, ``rediss://`` or ``unix://``)."""

    outlives_server = True

    def __init__(self, url: str) -> None:
        from redis.asyncio import Redis  # noqa: PLC0415 - only where it is used
        from redis.asyncio.retry import Retry  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415

        self._redis: Redis = Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 1),  # a connection that Redis has closed meanwhile is made anew
        )
        self._save = self._redis.register_script(SAVE)
        self._touch = self._redis.register_script(TOUCH)
        self._claim = self._redis.register_script(CLAIM)
        self._forget = self._redis.register_script(FORGET)

    async def create(self, key: str, data: bytes, seconds: float) -> None:
        """As ``SessionStore.create``."""
        async with _Unavailable(), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.hset(PREFIX + key, mapping={"epoch": 0, "data": data})
            pipeline.pexpire(PREFIX + key, _ms(seconds))
            await pipeline.execute()

    async def save(self, key: str, epoch: int, data: bytes, seconds: float) -> bool:
        """As ``SessionStore.save``."""
        async with _Unavailable():
            return bool(await self._save(keys=[PREFIX + key], args=[epoch, data, _ms(seconds)]))

    async def touch(self, key: str, epoch: int, seconds: float) -> bool:
        """As ``SessionStore.touch``."""
        async with _Unavailable():
            return bool(await self._touch(keys=[PREFIX + key], args=[epoch, _ms(seconds)]))

    async def claim(self, key: str, seconds: float) -> Claimed | None:
        """As ``SessionStore.claim``."""
        async with _Unavailable():
            found: Any = await self._claim(keys=[PREFIX + key], args=[_ms(seconds)])
            return Claimed(int(found[0]), bytes(found[1])) if found else None

    async def forget(self, key: str, epoch: int) -> None:
        """As ``SessionStore.forget``."""
        async with _Unavailable():
            await self._forget(keys=[PREFIX + key], args=[epoch])

    async def close(self) -> None:
        """Close the connections; what is kept stays there."""
        await self._redis.aclose()


class _Unavailable:
    """Context that makes errors of Redis and of its connection ``StoreUnavailable``."""

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        from redis.exceptions import RedisError  # noqa: PLC0415 - see above

        if isinstance(error, RedisError | OSError | TimeoutError):
            raise StoreUnavailable(f"Redis: {error or type(error).__name__}") from error


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
