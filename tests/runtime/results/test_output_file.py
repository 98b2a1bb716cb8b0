import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from speaker_tracker.results.output_file import OutputFileError, check_writable, make_folder, write_atomically


def test_a_file_is_written_whole_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "a.rttm"
    path.write_text("before")
    write_atomically(path, "after")
    assert path.read_text() == "after"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_leaves_the_old_one_as_it_was(tmp_path):
    (tmp_path / "a.rttm").mkdir()
    (tmp_path / "a.rttm" / "kept").touch()
    with pytest.raises(OutputFileError, match=r"a\.rttm cannot be written: Is a directory"):
        write_atomically(tmp_path / "a.rttm", "text")
    assert [path.name for path in tmp_path.rglob("*")] == ["a.rttm", "kept"]


def test_what_could_not_be_written_is_known_beforehand(tmp_path):
    check_writable(tmp_path / "a.rttm")
    with pytest.raises(OutputFileError, match="is a folder; name a file"):
        check_writable(tmp_path)
    with pytest.raises(OutputFileError, match="there is no folder"):
        check_writable(tmp_path / "none" / "a.rttm")


def test_a_link_is_followed(tmp_path):
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("old")
    link.symlink_to(real)

    check_writable(link)
    write_atomically(link, "new")

    assert link.is_symlink()
    assert real.read_text() == "new"


def test_what_is_no_file_is_written_to_and_stays_what_it_is(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        check_writable(pipe)
        write_atomically(pipe, "told")
        assert os.read(reader, 100) == b"told"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_a_full_disk_leaves_the_old_file_and_nothing_else(small_disk):
    path = small_disk / "a.rttm"
    path.write_text("before")
    with pytest.raises(OutputFileError) as raised:
        write_atomically(path, bytes(200_000))
    assert str(raised.value) == f"{path} cannot be written: No space left on device"
    assert [(file.name, file.read_text()) for file in small_disk.iterdir()] == [("a.rttm", "before")]


def test_a_file_that_grows_beyond_a_limit_leaves_nothing(tmp_path):
    code = f"""
import resource, signal
from pathlib import Path
from speaker_tracker.results.output_file import write_atomically
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
write_atomically(Path({str(tmp_path / "a.rttm")!r}), bytes(200_000))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "a.rttm cannot be written: File too large" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_full_device_is_reported():
    with pytest.raises(OutputFileError, match="/dev/full cannot be written: No space left on device"):
        write_atomically(Path("/dev/full"), "text")


def test_an_interruption_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "a.rttm", "text")
    assert list(tmp_path.iterdir()) == []


def test_folders_are_created_or_the_failure_is_reported(tmp_path):
    make_folder(tmp_path / "one" / "two")
    make_folder(tmp_path / "one" / "two")
    (tmp_path / "file").touch()
    with pytest.raises(OutputFileError, match="file is a file; name a folder"):
        make_folder(tmp_path / "file")
    with pytest.raises(OutputFileError, match="cannot be made: Not a directory"):
        make_folder(tmp_path / "file" / "folder")


def test_a_file_for_its_owner_alone_is_so_even_where_another_was_before(tmp_path):
    path = tmp_path / "voices.json"
    path.write_text("before")
    path.chmod(0o644)
    write_atomically(path, "after", 0o600)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("after", 0o600)
