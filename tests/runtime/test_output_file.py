import os

import pytest

from speaker_tracker.output_file import OutputFileError, check_writable, write_atomically


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
