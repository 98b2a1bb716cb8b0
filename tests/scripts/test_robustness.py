"""The commands that look for what breaks a server, each for a short time."""

import re
import subprocess
import sys

import pytest

from support.needed_programs import needed
from support.pages import ROOT

pytestmark = pytest.mark.slow
TALK = str(ROOT / "tests" / "data" / "conversation.flac")


def run(script, *arguments):
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / script, *arguments], capture_output=True, text=True, check=False, timeout=250
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_fuzzer_tells_what_it_sent_and_what_was_answered():
    told = run("fuzz.py", "--messages", "1000", "--workers", "2")
    assert len(re.findall(r"^ +\d+ +\d+ +\d+ +\d+$", told, re.MULTILINE)) == 20
    assert re.search(r"^answers: .*speaker \d+", told, re.MULTILINE)
    assert re.search(r"^close codes: .*1008 \d+", told, re.MULTILINE)


def test_kills_are_counted_and_their_cost_is_told():
    needed("redis-server")
    told = run("kill_resume.py", TALK, "--kills", "1", "--stores", "redis")
    assert re.search(r"^redis +1 +1( +\d+\.\d\d){5}$", told, re.MULTILINE)
    assert re.search(r"^a save every 5 s: \d+ bytes, at most \d+; \d\.\d\d % of the CPU time$", told, re.MULTILINE)


def test_a_soak_tells_of_the_server_and_finds_nothing():
    told = run("soak.py", TALK, "--minutes", "0.2", "--sessions", "3", "--speed", "4")
    assert len(re.findall(r"^ +\d( +\d+){7}$", told, re.MULTILINE)) == 2
    assert re.search(r"^clients that: .*stops \d+", told, re.MULTILINE)
