"""``speaker-tracker stream``, where its server goes away in mid-session and perhaps comes back at the same address."""

import json
import re
import signal
import subprocess
import sys
import threading
from types import SimpleNamespace
from urllib.parse import urlsplit

import numpy as np
import pytest
from websockets.sync.server import serve

from support.client_harness import PATIENCE, REPORT, STARTED, level
from support.terminal import speaker_tracker

pytestmark = [pytest.mark.usefixtures("scripted_chain"), pytest.mark.timeout(600)]

SECOND = np.zeros(16_000, np.int16)


class Streaming:
    """``stream`` with raw PCM from this test, and what it prints."""

    def __init__(self, *arguments, audio="-"):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "speaker_tracker", "stream", str(audio), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def say(self, *seconds):
        self.process.stdin.write(b"".join(samples.tobytes() for samples in seconds))
        self.process.stdin.flush()

    def prints(self, **wanted):
        """The next line with these values, and all before it."""
        before = []
        while line := self.process.stdout.readline():
            message = json.loads(line)
            if wanted.items() <= message.items():
                return message, before
            before.append(message)
        raise AssertionError((before[-3:], self.process.stderr.read()))

    def ends(self):
        """Exit status, the lines that were not read yet, and what was told."""
        printed, told = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, [json.loads(line) for line in printed.splitlines()], told.decode()


@pytest.fixture
def streaming():
    """Starts ``stream``; what is left of it ends with the test."""
    started = []

    def start(*arguments, **options):
        started.append(Streaming(*arguments, **options))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        for pipe in (each.process.stdin, each.process.stdout, each.process.stderr):
            pipe.close()
        each.process.wait()


@pytest.fixture
def server(start_server, unused_tcp_port):
    """At a port that is kept for another one after it."""
    return start_server("--port", str(unused_tcp_port))


def kill(server):
    server.process.kill()
    server.wait(PATIENCE)


def start_again(start_server, server, **settings):
    """Another server at the same address."""
    again = start_server("--port", str(urlsplit(server.url).port), **settings)
    assert again.url == server.url


def break_off(start_server, server, stream):
    """Kills the server once speaker 0 is heard, and starts it again; what is printed when another session goes on."""
    stream.prints(event="speaker", currentSpeakerId=0)
    kill(server)
    stream.prints(event="disconnected")
    start_again(start_server, server)
    again, _ = stream.prints(event="reconnected")
    return again


@pytest.mark.slow
def test_a_server_that_is_killed_and_started_again_makes_a_new_part_on_one_clock(start_server, server, streaming, tmp_path):
    stream = streaming("--url", server.url, "--rttm", tmp_path / "a.rttm")
    stream.say(SECOND, level(0), level(1))
    stream.prints(event="timeline", audioMs=3000)
    url = server.url
    kill(server)
    lost, _ = stream.prints(event="disconnected")
    start_again(start_server, server)
    stream.say(level(1), level(0))
    again, between = stream.prints(event="reconnected")
    last, before = stream.prints(event="speaker", speakingTimeMs={"0": 1000, "1": 1000, "2": 1000, "3": 1000})
    stream.prints(event="timeline", audioMs=5000)
    status, rest, told = stream.ends()

    assert lost == {"event": "disconnected", "part": 0, "reason": f"{url} broke the connection off"}
    assert again == {"event": "reconnected", "part": 1, "offsetMs": 3000, "lostMs": 0, "firstSpeakerId": 2}
    assert between == []
    speaking = [message for message in before if message["event"] == "speaker"]
    assert speaking[0] == {"event": "speaker", "currentSpeakerId": 3, "speakingTimeMs": {"0": 1000, "1": 1000, "3": 500}}
    assert last["currentSpeakerId"] == 2
    assert rest == [
        {
            "event": "report",
            "speakers": [{"id": speaker, "totalTimeMs": 1000} for speaker in range(4)],
            "segments": [
                {"startMs": 1000, "endMs": 2000, "speakerId": 0},
                {"startMs": 2000, "endMs": 3000, "speakerId": 1},
                {"startMs": 3000, "endMs": 4000, "speakerId": 3},
                {"startMs": 4000, "endMs": 5000, "speakerId": 2},
            ],
        }
    ]
    assert status == 0
    assert told == (
        f"Note: {url} broke the connection off; another session goes on at 0:03.0, and its speakers are numbered from 2 on, "
        f"also whoever was heard before\n"
    )
    turns = [line.split() for line in (tmp_path / "a.rttm").read_text().splitlines()]
    assert [(turn[3], turn[7]) for turn in turns] == [
        ("1.000", "speaker_0"), ("2.000", "speaker_1"), ("3.000", "speaker_3"), ("4.000", "speaker_2")
    ]  # fmt: skip


@pytest.mark.slow
def test_a_server_that_shuts_down_and_comes_back_has_reported_its_part(start_server, server, streaming):
    stream = streaming("--url", server.url)
    stream.say(SECOND, level(0))
    stream.prints(event="timeline", audioMs=2000)
    server.process.terminate()
    lost, between = stream.prints(event="disconnected")
    assert server.wait(PATIENCE) == 0
    start_again(start_server, server)
    stream.say(level(0))
    again, _ = stream.prints(event="reconnected")
    stream.prints(event="speaker", speakingTimeMs={"0": 1000, "2": 1000})
    stream.prints(event="timeline", audioMs=3000)
    status, (report,), told = stream.ends()

    assert lost["reason"] == f"{server.url} shut down, and reported what it had heard until then"
    assert "report" not in {message["event"] for message in between}
    assert (again["offsetMs"], again["lostMs"]) == (2000, 0)
    assert report["speakers"] == [{"id": 0, "totalTimeMs": 1000}, {"id": 2, "totalTimeMs": 1000}]
    assert status == 0
    assert told.startswith(f"Note: {lost['reason']}; another session goes on at 0:02.0, ")


@pytest.mark.slow
def test_a_file_goes_on_too(start_server, server, streaming, write_audio):
    audio = write_audio("talk.wav", [(2, 0), (8, 1)])
    stream = streaming("--url", server.url, "--realtime", audio=audio)
    again = break_off(start_server, server, stream)
    status, rest, told = stream.ends()
    assert status == 0
    assert rest[-1]["event"] == "report"
    assert rest[-1]["segments"][-1] == {"startMs": max(2000, again["offsetMs"]), "endMs": 10_000, "speakerId": 3}
    assert sum(segment["endMs"] - segment["startMs"] for segment in rest[-1]["segments"]) == 10_000
    assert again["lostMs"] == 0
    assert told.startswith(f"Note: {server.url} broke the connection off; ")
    assert "have no label" not in told


@pytest.fixture
def forgetful():
    """A server that labels 400 ms of the first two seconds and breaks off.

    ``again``: there is another session. ``heard``: how many bytes of audio the last one got.
    """
    again = threading.Event()

    def run(websocket):
        websocket.recv()
        websocket.send(STARTED)
        first, heard = not breaking.is_set(), 0
        breaking.set()
        if not first:
            again.set()
        while isinstance(data := websocket.recv(), bytes):
            heard += len(data)
            told.heard = heard
            if first and heard == 2 * 32_000:
                segment = {"startMs": 0, "endMs": 400, "speakerId": 0}
                websocket.send(json.dumps({"event": "timeline", "audioMs": 500, "segments": [segment]}))
                websocket.close_socket()
                return
        websocket.send(REPORT)

    breaking = threading.Event()
    told = SimpleNamespace(again=again, heard=0)
    with serve(run, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        told.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/ws/session"
        yield told
        server.shutdown()
        thread.join()


def test_audio_that_was_under_way_is_sent_again(forgetful, streaming):
    stream = streaming("--url", forgetful.url)
    stream.say(level(0), level(0))
    again, _ = stream.prints(event="reconnected")
    status, (report,), told = stream.ends()
    assert (again["offsetMs"], again["lostMs"]) == (400, 0)
    assert report["segments"] == [{"startMs": 0, "endMs": 400, "speakerId": 0}]
    assert status == 0
    assert told.endswith("also whoever was heard before\n")
    assert forgetful.heard == 1600 * 32


@pytest.mark.slow
def test_a_file_that_goes_out_at_once_is_covered_whole_though_its_server_is_killed(start_server, server, streaming, write_audio):
    audio = write_audio("talk.wav", [(200, 0), (200, 1)])
    stream = streaming("--url", server.url, audio=audio)
    again = break_off(start_server, server, stream)
    status, rest, told = stream.ends()
    report = rest[-1]
    segments = report["segments"]
    assert (again["lostMs"], status) == (0, 0)
    assert [each["startMs"] for each in segments] == [0, *(each["endMs"] for each in segments[:-1])]
    assert segments[-1]["endMs"] == 400_000
    assert {each["speakerId"] % 2 for each in segments if each["startMs"] < 200_000} == {0}
    assert {each["speakerId"] % 2 for each in segments if each["endMs"] > 200_000} == {1}
    assert sum(speaker["totalTimeMs"] for speaker in report["speakers"]) == 400_000
    assert told.startswith(f"Note: {server.url} broke the connection off; ")


def test_the_document_tells_the_parts(forgetful, streaming):
    stream = streaming("--url", forgetful.url, "--json")
    stream.say(level(0), level(0))
    assert forgetful.again.wait(PATIENCE)
    stream.say(level(0))
    stream.process.stdin.close()
    document = json.loads(stream.process.stdout.read())
    assert stream.process.wait(PATIENCE) == 0
    assert document["parts"] == [
        {"offsetMs": 0, "sentMs": 400, "lostMs": 0, "reported": False, "firstSpeakerId": 0, "knownAgain": []},
        {"offsetMs": 400, "sentMs": 2600, "lostMs": 0, "reported": True, "firstSpeakerId": 2, "knownAgain": []},
    ]
    assert document["seconds"] == 3
    assert document["speakers"] == [{"id": 2, "totalTimeMs": 500}]


def test_a_server_that_does_not_come_back_is_reported_after_the_partial_result(server, streaming, tmp_path):
    stream = streaming("--url", server.url, "--reconnect-for", "1", "--rttm", tmp_path / "a.rttm")
    stream.say(level(0), level(1))
    stream.prints(event="timeline", audioMs=2000)
    kill(server)
    stream.prints(event="disconnected")
    report, _ = stream.prints(event="report")
    status, rest, told = stream.ends()
    assert [speaker["totalTimeMs"] for speaker in report["speakers"]] == [1000, 1000]
    assert (status, rest) == (1, [])
    assert told == (
        f"Error: {server.url} broke the connection off, and no other session could be opened: {server.url} cannot be reached: "
        f"connection refused; is the server running?\n"
    )
    assert len((tmp_path / "a.rttm").read_text().splitlines()) == 2


@pytest.mark.slow
def test_a_server_that_is_back_with_a_token_ends_it_at_once(start_server, server, streaming):
    stream = streaming("--url", server.url)
    stream.say(level(0))
    stream.prints(event="speaker", currentSpeakerId=0)
    kill(server)
    start_again(start_server, server, tokens=["sesame"])
    stream.prints(event="report")
    status, _, told = stream.ends()
    assert status == 1
    assert told.endswith(f"and no other session could be opened: {server.url} wants a valid token (HTTP 401)\n")


def test_ctrl_c_without_a_server_ends_it_with_what_is_known(server, streaming, tmp_path):
    stream = streaming("--url", server.url, "--rttm", tmp_path / "a.rttm")
    stream.say(level(0), level(1))
    stream.prints(event="timeline", audioMs=2000)
    kill(server)
    stream.prints(event="disconnected")
    stream.say(level(1))
    stream.process.send_signal(signal.SIGINT)
    status, (report,), told = stream.ends()
    assert [speaker["totalTimeMs"] for speaker in report["speakers"]] == [1000, 1000]
    assert status == 1
    # How much of what was said meanwhile was read by then, nobody knows.
    assert re.sub(r"^Note: the last (1\.00|0\.\d\d) s of audio have no label\n", "", told) == (
        f"Error: {server.url} went away before it could report; the report covers what it had sent until then\n"
    )
    assert len((tmp_path / "a.rttm").read_text().splitlines()) == 2


def test_ctrl_c_without_a_server_ends_a_file_at_once(server, streaming, write_audio):
    stream = streaming("--url", server.url, "--realtime", audio=write_audio("talk.wav", [(60, 0)]))
    stream.prints(event="speaker", currentSpeakerId=0)
    kill(server)
    stream.prints(event="disconnected")
    stream.process.send_signal(signal.SIGINT)
    status, rest, told = stream.ends()
    assert (status, rest, told) == (130, [], "Interrupted.\n")


@pytest.mark.slow
def test_the_live_view_says_so_and_goes_on(start_server, server, write_audio):
    audio = write_audio("talk.wav", [(2, 0), (600, 1)])
    terminal = speaker_tracker("stream", audio, "--url", server.url, "--realtime", columns=120)
    terminal.shows("SPEAKER 0  speaks", within=PATIENCE)
    kill(server)
    terminal.shows("connection lost, trying again · ws://", "not connected", "  speaker 0\n", within=PATIENCE)
    start_again(start_server, server)
    marks = ("▶ speaker 3", "  speaker 0  ━")
    terminal.shows(
        "goes on in another session, with new speakers from 2 on", "SPEAKER 3  speaks", "connected", *marks, within=PATIENCE
    )
    terminal.close()
