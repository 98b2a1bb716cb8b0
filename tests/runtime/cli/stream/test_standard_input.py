"""``speaker-tracker stream -``, in a process of its own with a real pipe, file or terminal as its standard input."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from websockets.sync.server import serve

from support.needed_programs import needed
from support.terminal import speaker_tracker

pytestmark = pytest.mark.usefixtures("scripted_chain")

RAW = "raw PCM: 16 kHz, signed 16-bit little-endian, mono, without a header"
HOW = "ffmpeg -i FILE -f s16le -ar 16000 -ac 1 - | speaker-tracker stream -"
REPORT = {"speakers": [{"id": 0, "totalTimeMs": 1000}, {"id": 1, "totalTimeMs": 2000}]}


@pytest.fixture
def pcm(conversation):
    return soundfile.read(conversation, dtype="int16")[0].tobytes()


def stream(*arguments, **options):
    command = [sys.executable, "-m", "speaker_tracker", "stream", "-", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, timeout=120, **options)


def begin(*arguments):
    command = [sys.executable, "-m", "speaker_tracker", "stream", "-", *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_raw_pcm_is_tracked_and_an_odd_byte_at_the_end_is_left_out_with_a_note(scripted_server, pcm, tmp_path):
    url = scripted_server.url
    done = stream("--url", url, "--json", "--rttm", tmp_path / "a.rttm", input=pcm)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout) | REPORT == json.loads(done.stdout)
    assert (tmp_path / "a.rttm").read_text().startswith("SPEAKER standard-input 1 1.000 1.000 ")

    done = stream("--url", url, input=pcm + b"\x00")
    assert done.returncode == 0
    assert done.stderr == b"Note: standard input ended in the middle of a sample; its last byte was left out\n"
    assert json.loads(done.stdout.splitlines()[-1])["speakers"] == REPORT["speakers"]


def test_a_file_as_standard_input_is_read_too(scripted_server, pcm, tmp_path):
    (tmp_path / "a.raw").write_bytes(pcm)
    with (tmp_path / "a.raw").open("rb") as file:
        done = stream("--url", scripted_server.url, "--json", stdin=file)
    assert json.loads(done.stdout)["speakers"] == REPORT["speakers"]


def test_what_ffmpeg_makes_of_a_video_is_tracked(scripted_server, conversation, tmp_path):
    ffmpeg, video = needed("ffmpeg"), tmp_path / "talk.mkv"
    pictures = ["-f", "lavfi", "-i", "color=size=32x32:rate=5:duration=4"]
    subprocess.run([ffmpeg, "-v", "error", "-i", conversation, *pictures, "-c:a", "flac", str(video)], check=True)
    raw = f"{ffmpeg} -v error -i {video} -f s16le -ar 16000 -ac 1 -"
    pipe = f"{raw} | {sys.executable} -m speaker_tracker stream - --url {scripted_server.url}"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", pipe], capture_output=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout.splitlines()[-1])["speakers"] == REPORT["speakers"]


def test_audio_is_sent_as_it_comes(scripted_server, pcm):
    streaming = begin("--url", scripted_server.url)
    streaming.stdin.write(pcm[: 2 * 8_001])  # half a second, and a sample that is cut in two
    streaming.stdin.write(pcm[2 * 8_001 : 2 * 8_001 + 1])
    streaming.stdin.flush()
    events = [json.loads(streaming.stdout.readline())["event"] for _ in range(3)]
    assert events == ["started", "speaker", "timeline"]
    printed, told = streaming.communicate(pcm[2 * 8_001 + 1 :], timeout=60)
    assert (streaming.returncode, told) == (0, b"")
    assert json.loads(printed.splitlines()[-1])["speakers"] == REPORT["speakers"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_with_the_report(scripted_server, pcm, number):
    streaming = begin("--url", scripted_server.url)
    streaming.stdin.write(pcm[:96_000])
    streaming.stdin.flush()
    heard = []
    while not heard or heard[-1].get("audioMs") != 3000:
        heard.append(json.loads(streaming.stdout.readline()))
    streaming.send_signal(number)
    report = json.loads(streaming.stdout.read().splitlines()[-1])
    assert streaming.wait(60) == 0
    assert report["speakers"] == [{"id": 0, "totalTimeMs": 1000}, {"id": 1, "totalTimeMs": 1000}]
    streaming.communicate()


@pytest.fixture
def silent_server():
    """A server that takes everything and answers nothing but the start. ``stopped``: it was asked for a report."""
    stopped = threading.Event()

    def handle(websocket):
        for data in websocket:
            if isinstance(data, str) and "start" in data:
                websocket.send('{"event": "started", "num_speakers": 2}')
            if isinstance(data, str) and "stop" in data:
                stopped.set()

    with serve(handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield SimpleNamespace(url=f"ws://127.0.0.1:{server.socket.getsockname()[1]}/ws/session", stopped=stopped)
        server.shutdown()
        thread.join()


def test_a_second_ctrl_c_ends_it_at_once(silent_server):
    streaming = begin("--url", silent_server.url)
    streaming.stdin.write(bytes(3200))
    streaming.stdin.flush()
    streaming.stdout.readline()
    streaming.send_signal(signal.SIGINT)
    assert silent_server.stopped.wait(60)
    assert streaming.poll() is None
    streaming.send_signal(signal.SIGINT)
    _, told = streaming.communicate(timeout=60)
    assert (streaming.returncode, told) == (130, b"Interrupted.\n")


@pytest.mark.parametrize(("form", "kind"), [("WAV", "a WAV file"), ("FLAC", "a FLAC file"), ("OGG", "an Ogg file")])
def test_a_file_with_a_header_is_reported_with_what_to_do(scripted_server, tmp_path, form, kind):
    soundfile.write(tmp_path / "a", np.zeros(16_000, np.int16), 16_000, format=form)
    done = stream("--url", scripted_server.url, input=(tmp_path / "a").read_bytes())
    assert done.returncode == 1
    assert done.stderr.decode() == f"Error: standard input is {kind}, and must be {RAW}; convert it: {HOW}\n"


def test_empty_input_is_reported(scripted_server):
    done = stream("--url", scripted_server.url, input=b"")
    assert done.returncode == 1
    assert done.stderr.decode() == f"Error: nothing came on standard input; pipe {RAW} into it: {HOW}\n"


@pytest.mark.parametrize(("length", "seconds"), [(1, 0), (2, 0), (7, 0), (9600, 0.3)])
def test_however_little_it_is_it_has_a_report(scripted_server, length, seconds):
    done = stream("--url", scripted_server.url, "--json", input=bytes(length))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["seconds"] == seconds


def test_a_terminal_as_standard_input_is_wrong_usage():
    terminal = speaker_tracker("stream", "-", columns=300)
    assert terminal.wait() == 2
    assert (
        terminal.screen
        == f"Error: standard input is a terminal; pipe {RAW} into it: {HOW} (see `python -m speaker_tracker stream --help`)"
    )


def test_a_closed_standard_input_is_wrong_usage():
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m speaker_tracker stream - <&-"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: standard input is closed; pipe {RAW} into it")


def test_a_server_that_refuses_ends_it_though_nothing_comes(unused_tcp_port):
    reading, writing = os.pipe()
    try:
        done = stream("--url", f"ws://127.0.0.1:{unused_tcp_port}/ws/session", stdin=reading)
    finally:
        os.close(reading)
        os.close(writing)
    assert done.returncode == 1
    assert b"connection refused" in done.stderr


@pytest.fixture
def listening_server():
    """A server that answers the start and the stop. ``heard``: the commands and the lengths of audio that came, in order."""
    heard = []

    def handle(websocket):
        for data in websocket:
            heard.append(len(data) if isinstance(data, bytes) else json.loads(data))
            if isinstance(data, str) and "start" in data:
                websocket.send('{"event": "started", "num_speakers": 2}')
            if isinstance(data, str) and "stop" in data:
                websocket.send('{"event": "report", "speakers": [], "segments": []}')
                websocket.close()

    with serve(handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield SimpleNamespace(url=f"ws://127.0.0.1:{server.socket.getsockname()[1]}/ws/session", heard=heard)
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("arguments", [(), ("--gap-on-stall",)])
def test_a_stall_counts_as_a_gap_where_that_is_asked_for(listening_server, pcm, arguments):
    streaming = begin("--url", listening_server.url, *arguments)
    streaming.stdin.write(pcm[:32_000])
    streaming.stdin.flush()
    while sum(each for each in listening_server.heard if isinstance(each, int)) < 32_000:
        time.sleep(0.05)
    time.sleep(3.5)
    streaming.communicate(pcm[32_000:64_000], timeout=60)
    gaps = [each["ms"] for each in listening_server.heard if isinstance(each, dict) and each["action"] == "gap"]
    assert streaming.returncode == 0
    assert sum(each for each in listening_server.heard if isinstance(each, int)) == 64_000
    assert (sum(gaps) >= 2000) == bool(arguments)


def test_gap_on_stall_is_for_standard_input_alone(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "speaker_tracker", "stream", str(tmp_path / "a.wav"), "--gap-on-stall"],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert b"--gap-on-stall is for standard input" in done.stderr
