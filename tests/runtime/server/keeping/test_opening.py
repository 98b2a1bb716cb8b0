"""The store that the settings name."""

from pathlib import Path

import pytest

from speaker_tracker.server.keeping.memory_store import MemoryStore
from speaker_tracker.server.keeping.opening import open_seal, open_store, shown, sqlite_path
from speaker_tracker.server.keeping.redis_store import RedisStore
from speaker_tracker.server.keeping.sqlite_store import SqliteStore
from speaker_tracker.settings import SettingsError, load_settings


async def test_each_store_has_its_name(tmp_path):
    assert open_store(load_settings(resume_store="off")) is None
    assert isinstance(open_store(load_settings()), MemoryStore)
    file = open_store(load_settings(resume_store=f"sqlite:{tmp_path}/one.sqlite"))
    assert isinstance(file, SqliteStore)
    assert file.outlives_server
    redis = open_store(load_settings(resume_store="redis://127.0.0.1:1"))  # connected to when it is needed
    assert isinstance(redis, RedisStore)
    await file.close()
    await redis.close()


async def test_processes_of_one_server_share_what_is_kept_for_its_time(tmp_path):
    shared = open_store(load_settings(), tmp_path)
    other = open_store(load_settings(), tmp_path)
    assert not shared.outlives_server
    await shared.create("key", b"state", 60)
    assert (await other.claim("key", 60)).data == b"state"
    await shared.close()
    await other.close()


@pytest.mark.parametrize("name", ["", "Memory", "sqlite:", "sqlite:///", "postgres://host", "/var/sessions", "redis:host"])
def test_what_names_no_store_is_refused_and_what_does_is_said(name):
    with pytest.raises(SettingsError, match=r"RESUME_STORE cannot be .*it must be memory, off, sqlite:PATH"):
        load_settings(resume_store=name)


def test_a_file_that_cannot_be_used_is_refused_at_the_start(tmp_path):
    with pytest.raises(SettingsError, match=r"RESUME_STORE: .*cannot be used for sessions"):
        open_store(load_settings(resume_store=f"sqlite:{tmp_path}"))


def test_paths_are_written_as_others_write_them_too():
    assert sqlite_path("sqlite:/data/one") == Path("/data/one")
    assert sqlite_path("sqlite:one") == Path("one")
    assert sqlite_path("sqlite:////data/one") == Path("/data/one")
    assert sqlite_path("sqlite:///one") == Path("one")


def test_keys_are_long_and_none_is_no_seal():
    assert open_seal(load_settings()) is None
    assert open_seal(load_settings(resume_keys=["k" * 32])) is not None
    with pytest.raises(SettingsError, match="RESUME_KEYS") as caught:
        load_settings(resume_keys=["a-secret-too-short"])
    assert "a-secret-too-short" not in str(caught.value)


def test_a_password_is_not_shown():
    assert shown("redis://:pa55@host:6379") == "redis://:…@host:6379"
    assert shown("redis://host:6379") == "redis://host:6379"


@pytest.mark.parametrize(
    ("package", "settings", "open_it"),
    [
        ("redis", {"resume_store": "redis://host"}, open_store),
        ("cryptography", {"resume_keys": ["k" * 32]}, open_seal),
    ],
)
def test_a_missing_package_is_named(monkeypatch, package, settings, open_it):
    monkeypatch.setattr("speaker_tracker.server.keeping.opening.find_spec", lambda name: None if name == package else object())
    with pytest.raises(SettingsError, match=rf"package {package}\b.* is missing: pip install"):
        open_it(load_settings(**settings))
