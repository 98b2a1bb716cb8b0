"""Tokens for one session, and that they are used once, by however many processes."""

import subprocess
import sys
import time

import pytest

from speaker_tracker.server import used_tokens as module
from speaker_tracker.server.used_tokens import CannotRemember, UsedHere, UsedInFolder, used_tokens

LATER = int(time.time()) + 3600
BEFORE = int(time.time()) - 1


@pytest.fixture(params=["here", "folder"])
def used(request, tmp_path):
    return used_tokens(None if request.param == "here" else tmp_path)


def test_the_memory_is_shared_where_there_is_a_folder(tmp_path):
    assert isinstance(used_tokens(None), UsedHere)
    assert isinstance(used_tokens(tmp_path), UsedInFolder)


def test_a_token_is_used_once(used):
    assert not used.has_been_used("a", LATER)
    assert used.use("a", LATER)
    assert not used.use("a", LATER)
    assert used.has_been_used("a", LATER)
    assert used.use("b", LATER)


def test_tokens_are_forgotten_once_they_have_expired(used, monkeypatch):
    monkeypatch.setattr(module, "MAX_USED", 2)
    used.use("old", BEFORE)
    used.use("new", LATER)
    assert used.use("newer", LATER)
    assert not used.has_been_used("old", BEFORE)
    assert used.has_been_used("new", LATER)


def test_no_more_are_taken_than_can_be_remembered(used, monkeypatch):
    monkeypatch.setattr(module, "MAX_USED", 2)
    used.use("a", LATER)
    used.use("b", LATER)
    with pytest.raises(CannotRemember, match="2 tokens that are good for one session are in use"):
        used.use("c", LATER)
    assert not used.use("a", LATER)


def test_where_the_folder_is_gone_no_token_is_taken(tmp_path):
    used = used_tokens(tmp_path / "gone")
    with pytest.raises(CannotRemember, match="cannot be written"):
        used.use("a", LATER)


def test_two_that_share_a_folder_know_of_each_other(tmp_path):
    one, other = used_tokens(tmp_path), used_tokens(tmp_path)
    assert one.use("a", LATER)
    assert other.has_been_used("a", LATER)
    assert not other.use("a", LATER)


USE_ALL = """
import sys
from pathlib import Path

from speaker_tracker.server.used_tokens import used_tokens

used = used_tokens(Path(sys.argv[1]))
print(sum(used.use(f"token{number}", int(sys.argv[2])) for number in range(200)))
"""


def test_of_processes_that_use_the_same_tokens_at_once_one_gets_each(tmp_path):
    command = [sys.executable, "-c", USE_ALL, str(tmp_path), str(LATER)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert sum(int(process.communicate(timeout=60)[0]) for process in processes) == 200
