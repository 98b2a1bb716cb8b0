"""The store of sessions that the settings name."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from speaker_tracker.server.keeping.memory_store import MemoryStore
from speaker_tracker.server.keeping.sealing import Seal
from speaker_tracker.server.keeping.sqlite_store import SqliteStore
from speaker_tracker.server.keeping.store import SessionStore, StoreUnavailable
from speaker_tracker.settings import OFF, PREFIX, Settings, SettingsError

SETTING = f"{PREFIX}RESUME_STORE"
KEYS_SETTING = f"{PREFIX}RESUME_KEYS"
SHARED_FILE = "sessions.sqlite"


def open_store(settings: Settings, shared_folder: Path | None = None) -> SessionStore | None:
    """The store by ``settings.resume_store``; None where no sessions are kept.

    ``shared_folder``: a folder that all processes of the server see while it runs; there they share what the setting wants in
    memory. Raises ``SettingsError`` where the store cannot be used at all.
    """
    name = settings.resume_store
    if name == OFF:
        return None
    try:
        if name == "memory":
            return MemoryStore() if shared_folder is None else SqliteStore(shared_folder / SHARED_FILE, outlives_server=False)
        if name.startswith("sqlite:"):
            return SqliteStore(sqlite_path(name))
    except StoreUnavailable as error:
        raise SettingsError(f"{SETTING}: {error}") from error
    if find_spec("redis") is None:
        raise SettingsError(f"{SETTING} needs the package redis, which is missing: pip install 'speaker-tracker[redis]'")
    from speaker_tracker.server.keeping.redis_store import RedisStore  # noqa: PLC0415 - only where it is used

    try:
        return RedisStore(name)
    except ValueError as error:
        raise SettingsError(f"{SETTING} cannot be {shown(name)}: {error}") from error


def open_seal(settings: Settings) -> Seal | None:
    """What encrypts sessions, by ``settings.resume_keys``; None where there are no keys. Raises ``SettingsError``."""
    if not settings.resume_keys:
        return None
    if find_spec("cryptography") is None:
        raise SettingsError(
            f"{KEYS_SETTING} is set, and the package cryptography is missing: pip install 'speaker-tracker[encryption]'"
        )
    return Seal([key.get_secret_value() for key in settings.resume_keys])


def sqlite_path(name: str) -> Path:
    """The file in ``sqlite:PATH``; as others write it, ``sqlite:///relative`` and ``sqlite:////absolute`` work as well."""
    path = name.removeprefix("sqlite:")
    return Path(path.removeprefix("///") if path.startswith("///") else path)


def shown(name: str) -> str:
    """The name of a store for messages, without a password in it."""
    parts = urlsplit(name)
    return name if parts.password is None else name.replace(f":{parts.password}@", ":…@", 1)
