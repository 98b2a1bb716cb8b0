"""Files that are replaced while a server runs."""

import os

import pytest

from speaker_tracker.server.file_watch import LOOK_SECONDS, FileWatch


class Clock:
    """A clock that a test moves."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def rewrite(file):
    file.write_text("b")
    os.utime(file, ns=(1, 2))


def replace(file):
    new = file.with_name("new")
    new.write_text("a")
    new.replace(file)


def turn_link(file):
    other = file.with_name("other")
    other.write_text("a")
    file.unlink()
    file.symlink_to(other)


@pytest.mark.parametrize("change", [rewrite, replace, turn_link, lambda file: file.unlink()])
def test_a_change_of_any_kind_is_told_once(tmp_path, clock, change):
    file = tmp_path / "file"
    file.write_text("a")
    watch = FileWatch(file, tmp_path / "never there", clock=clock)
    change(file)

    assert not watch.changed()
    clock.now += LOOK_SECONDS
    assert watch.changed()
    clock.now += LOOK_SECONDS
    assert not watch.changed()


def test_a_file_that_comes_back_has_changed(tmp_path, clock):
    watch = FileWatch(tmp_path / "file", clock=clock)
    (tmp_path / "file").touch()
    clock.now += LOOK_SECONDS
    assert watch.changed()


def test_files_are_looked_at_once_a_second(tmp_path, clock):
    watch = FileWatch(tmp_path / "file", clock=clock)
    clock.now += LOOK_SECONDS
    assert not watch.changed()
    (tmp_path / "file").touch()
    clock.now += LOOK_SECONDS / 2
    assert not watch.changed()
    clock.now += LOOK_SECONDS / 2
    assert watch.changed()
