"""What a server keeps of a session that can be resumed, writes, or logs at its most talkative has no audio in it, in any form."""

import contextlib
import json
import re
import zlib
from pathlib import Path

import psutil
import pytest
from redis import Redis

from speaker_tracker.server.keeping.redis_store import PREFIX
from support.protocol_client import ProtocolClient
from support.redis_process import RedisProcess
from support.traces_of_audio import traces_of

pytestmark = pytest.mark.e2e

SECONDS = 25


@pytest.fixture
def redis(tmp_path):
    process = RedisProcess(tmp_path)
    yield process
    process.stop()


def opened_files(process):
    """Files that a process has open or mapped, and may have written: all but programs, libraries and devices."""
    links = []
    for link in Path(f"/proc/{process.pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            links.append(str(link.readlink()))
    mapped = re.findall(r"^\S+ .w.s .* (/.+)$", Path(f"/proc/{process.pid}/maps").read_text(), re.MULTILINE)
    return {file for file in [*links, *mapped] if file.startswith("/") and not file.startswith(("/dev/null", "/proc/", "/sys/"))}


@pytest.mark.parametrize("store", ["memory", "sqlite", "redis"])
def test_nothing_that_a_session_leaves_has_audio_in_it(  # noqa: PLR0913, PLR0917 - fixtures
    start_server, monkeypatch, tmp_path, pcm, redis, store
):
    for variable in ("HOME", "TMPDIR", "XDG_CACHE_HOME"):
        (tmp_path / variable).mkdir()
        monkeypatch.setenv(variable, str(tmp_path / variable))
    kept = tmp_path / "kept"
    address = {"memory": "memory", "sqlite": f"sqlite:{kept}/sessions.sqlite", "redis": redis.url}[store]
    workers = ("--workers", "2") if store == "memory" else ()  # which keep sessions in a file that they share
    server = start_server(*workers, resume_store=address, checkpoint_seconds=0.5, log_level="debug")
    audio = pcm[: 32_000 * SECONDS]
    with ProtocolClient(server.url) as client:
        client.start(timeline=True, confidence=True, others=True, voiceprints=True, hints=True, resumable=True)
        client.stream(audio)
        client.heard("speaker", more_than=2 * SECONDS - 3)
        assert client.heard("speaker")["ackMs"] > 0
        left = b"".join(file.read_bytes() for file in sorted(tmp_path.rglob("*")) if file.is_file())
        if store == "redis":
            with Redis(port=redis.port) as all_of_it:
                dumped = [(key, all_of_it.hgetall(key)) for key in all_of_it.keys("*")]
            assert [key.startswith(PREFIX.encode()) for key, _ in dumped] == [True]
            left += b"".join(key + b"".join(fields) + b"".join(fields.values()) for key, fields in dumped)
        members = psutil.Process(server.process.pid)
        files = set().union(*map(opened_files, [members, *members.children(recursive=True)]))
        for file in files:
            with contextlib.suppress(OSError):
                left += Path(file).read_bytes() if Path(file).stat().st_size < 100 << 20 else b""
        report = client.report()
    assert report["speakers"]
    if store != "memory":
        assert b"spkt" in left, "what was kept was not found, and so nothing was looked at"
    if store == "sqlite":
        assert any(file.endswith("-wal") for file in files)
    told = json.dumps(client.messages).encode()
    for where, data in (("what is left", left), ("the log", "\n".join(server.log).encode()), ("the messages", told)):
        assert traces_of(audio, data) == [], where


@pytest.mark.parametrize("form", ["plain", "compressed", "as text", "as hexadecimal digits"])
def test_audio_would_be_found(pcm, form):
    """The search itself."""
    audio = pcm[: 32_000 * 5]
    left = {
        "plain": audio,
        "compressed": b"x" + zlib.compress(audio, 1),
        "as text": str(memoryview(audio).cast("h").tolist()).encode(),
        "as hexadecimal digits": audio.hex().encode(),
    }[form]
    assert traces_of(audio, left)
