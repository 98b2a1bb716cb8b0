"""No audio is stored: not on disk, not in logs."""

import re
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.e2e

NOT_THE_SERVERS = ("/dev/", "/proc/", "/sys/")


def files_below(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*") if path.is_file()}


def written(process: psutil.Process) -> int:
    """Bytes that the process has caused to be written to storage, files it has removed again included."""
    return process.io_counters().write_bytes


def test_a_session_writes_nothing_to_disk_and_no_samples_to_the_log(start_server, connect, pcm, tmp_path, monkeypatch):
    for variable in ("HOME", "TMPDIR", "XDG_CACHE_HOME"):
        (tmp_path / variable).mkdir()
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.chdir(tmp_path)
    server = start_server(log_level="debug")
    with connect(server.url) as client:  # whatever loading writes is written before the first session ends
        client.start()
        client.stream(pcm[:320_000])
        client.report()
    process = psutil.Process(server.process.pid)
    files, before, logged = files_below(tmp_path), written(process), len(server.log)

    with connect(server.url) as client:
        client.start(timeline=True)
        client.stream(pcm)
        opened = [file for file in process.open_files() if "r" not in file.mode and not file.path.startswith(NOT_THE_SERVERS)]
        client.report()

    assert files_below(tmp_path) == files
    assert opened == []
    assert written(process) - before < len(pcm) // 10
    log = "\n".join(server.log[logged:])
    assert len(log) < 10_000
    assert not re.search(r"(-?\d+(\.\d+)?[,\s]+){8}", log), "the log holds a row of numbers"
