"""Stores that fail while sessions go on, processes that are killed or stand still: real servers, files, Redis and signals."""

import os
import signal
import sqlite3
import subprocess
import time
from contextlib import suppress

import psutil
import pytest

from support.fuzzer import Witness, open_sessions
from support.level_chain import conversation, right_report
from support.protocol_client import ProtocolClient
from support.redis_process import RedisProcess

pytestmark = pytest.mark.slow

SETTINGS = {"checkpoint_seconds": 0.5, "resume_seconds": 60}


class Speaker:
    """A session that can be resumed, and sends the known conversation piece by piece."""

    def __init__(self, url):
        self.url, self.blocks = url, 0
        self.client = ProtocolClient(url)
        self.client.start(num_speakers=3, timeline=True, resumable=True)
        self.session = self.client.heard("started")["session"]

    def speak(self, blocks):
        """Sends blocks, and waits until they are heard; returns what is acknowledged then (blocks)."""
        self.client.stream(conversation(self.blocks, self.blocks + blocks))
        self.blocks += blocks
        told = sum(message["event"] == "speaker" for message in self.client.messages)
        return self.client.heard("speaker", more_than=told + blocks // 5 - 1)["ackMs"] // 100

    def speak_until_acknowledged(self, block):
        deadline = time.monotonic() + 30
        while self.speak(5) < block:
            assert time.monotonic() < deadline, "nothing more is acknowledged"
            time.sleep(0.05)

    def lose_and_resume(self):
        self.client.connection.socket.close()
        self.client.__exit__()
        self.client = ProtocolClient(self.url)
        self.client.say(action="resume", session=self.session)
        self.blocks = self.client.heard("resumed")["audioMs"] // 100

    def right(self):
        return self.client.report() == right_report(self.blocks)


@pytest.fixture
def redis(tmp_path):
    process = RedisProcess(tmp_path)
    yield process
    process.stop()


def test_a_session_goes_on_while_redis_is_slow_gone_and_empty_and_acknowledgements_come_back(start_level_server, redis):
    server = start_level_server(resume_store=redis.url, **SETTINGS)
    speaker = Speaker(server.url)
    speaker.speak_until_acknowledged(10)

    redis.pause(6)  # longer than two attempts at a save take
    begin = speaker.blocks
    for _ in range(10):
        assert speaker.speak(5) <= begin
    server.logged("sessions cannot be kept now")
    speaker.speak_until_acknowledged(speaker.blocks)

    redis.stop()
    begin = speaker.blocks
    for _ in range(10):
        assert speaker.speak(5) <= begin
    redis.start()  # with nothing in it
    speaker.speak_until_acknowledged(speaker.blocks)
    speaker.lose_and_resume()
    speaker.speak(10)
    assert speaker.right()
    assert sum("sessions cannot be kept now" in line for line in server.log) == 1


def test_a_session_goes_on_while_the_file_is_locked_and_after_it_was_removed(start_level_server, tmp_path):
    path = tmp_path / "kept" / "sessions.sqlite"
    server = start_level_server(resume_store=f"sqlite:{path}", **SETTINGS)
    speaker = Speaker(server.url)
    speaker.speak_until_acknowledged(10)

    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        begin = speaker.blocks
        for _ in range(10):
            assert speaker.speak(5) <= begin
        server.logged("sessions cannot be kept now.*locked")
        other.execute("ROLLBACK")
    other.close()
    speaker.speak_until_acknowledged(speaker.blocks)

    for file in path.parent.iterdir():
        file.unlink()
    speaker.speak_until_acknowledged(speaker.blocks + 5)
    speaker.lose_and_resume()
    assert path.exists()
    speaker.speak(10)
    assert speaker.right()


def test_a_session_goes_on_while_the_disk_is_full(small_disk, start_level_server):
    subprocess.run(["mount", "-o", "remount,size=1m", small_disk], check=True)  # SQLite needs some 100 KiB for itself
    server = start_level_server(resume_store=f"sqlite:{small_disk}/sessions.sqlite", **SETTINGS)
    speaker = Speaker(server.url)
    speaker.speak_until_acknowledged(10)
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(512)):
            pass
    for _ in range(30):
        speaker.speak(5)
    server.logged("sessions cannot be kept now.*full")
    filler.unlink()
    speaker.speak_until_acknowledged(speaker.blocks)
    speaker.lose_and_resume()
    speaker.speak(10)
    assert speaker.right()


def test_a_killed_worker_costs_others_nothing_and_its_own_sessions_go_on_in_another(start_level_server):
    server = start_level_server("--workers", "2", **SETTINGS)
    speakers = [Speaker(server.url) for _ in range(6)]
    for speaker in speakers:
        speaker.speak_until_acknowledged(10)
    victim, _ = psutil.Process(server.process.pid).children()
    os.kill(victim.pid, signal.SIGKILL)
    server.logged(f"worker {victim.pid} ended")
    time.sleep(0.2)
    lost = [speaker for speaker in speakers if speaker.client.connection.close_code is not None or not _answers(speaker)]
    assert 0 < len(lost) < 6
    for speaker in lost:
        speaker.lose_and_resume()
    for speaker in speakers:
        speaker.speak(10)
        assert speaker.right()
    server.logged("new worker is ready")
    assert open_sessions(server) == 0


def _answers(speaker):
    try:
        speaker.speak(5)
    except Exception:
        return False
    return True


def test_a_server_that_stood_still_goes_on_with_every_session(start_level_server):
    server = start_level_server(**SETTINGS, stage_timeout_seconds=1)
    witnesses = [Witness(server.url), Witness(server.url, resumes=True)]
    for witness in witnesses:
        witness.start()
    while not witnesses[1].losses:
        assert witnesses[1].is_alive()
    for _ in range(2):
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(3)
        server.process.send_signal(signal.SIGCONT)
        time.sleep(1)
    assert [witness.end() for witness in witnesses] == ["", ""]
