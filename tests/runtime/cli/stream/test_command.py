import json
import os
import signal
import socketserver
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from speaker_tracker.cli.main import main
from support.protocol_client import ProtocolClient

pytestmark = pytest.mark.usefixtures("scripted_chain")


def run(*arguments):
    return CliRunner().invoke(main, ["stream", *map(str, arguments)])


def process(*arguments, **options):
    command = [sys.executable, "-m", "speaker_tracker", "stream", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def test_each_message_of_the_server_is_a_line_of_json(start_server, conversation, tmp_path):
    server = start_server(tokens=["sesame"])
    shown = run(conversation, "--url", server.url, "--token", "sesame", "--rttm", tmp_path / "a.rttm")
    assert shown.exit_code == 0, shown.stderr
    assert shown.stderr == ""
    messages = [json.loads(line) for line in shown.stdout.splitlines()]
    assert messages[0] == {"event": "started", "num_speakers": 2}
    assert messages[1:3] == [
        {"event": "speaker", "currentSpeakerId": None, "speakingTimeMs": {}},
        {"event": "timeline", "audioMs": 500, "segments": [{"startMs": 0, "endMs": 500, "speakerId": None}]},
    ]
    assert [message["event"] for message in messages[1:-1]] == ["speaker", "timeline"] * 8
    assert messages[-1] == {
        "event": "report",
        "speakers": [{"id": 0, "totalTimeMs": 1000}, {"id": 1, "totalTimeMs": 2000}],
        "segments": [{"startMs": 1000, "endMs": 2000, "speakerId": 0}, {"startMs": 2000, "endMs": 4000, "speakerId": 1}],
    }
    assert (tmp_path / "a.rttm").read_text().splitlines()[0] == ("SPEAKER conversation 1 1.000 1.000 <NA> <NA> speaker_0 <NA> <NA>")

    document = json.loads(run(conversation, "--url", server.url, "--token", "sesame", "--json").stdout)
    assert document["speakers"] == [{"id": 0, "totalTimeMs": 1000}, {"id": 1, "totalTimeMs": 2000}]
    assert document["segments"][1] == {"startMs": 2000, "endMs": 4000, "speakerId": 1}

    refused = run(conversation, "--url", server.url, "--token", "wrong")
    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert refused.stderr == f"Error: {server.url} wants a valid token (HTTP 401); give it with --token\n"


def test_of_a_damaged_file_it_is_told_how_much_was_streamed(scripted_server, conversation):
    data = conversation.read_bytes()
    conversation.write_bytes(data[: len(data) - 32_000])
    shown = run(conversation, "--url", scripted_server.url, "--json")
    assert shown.exit_code == 0
    assert shown.stderr == f"Note: {conversation} is damaged: its header says 4.0 s; 3.0 s of it were read\n"
    assert json.loads(shown.stdout)["seconds"] == 3


def test_where_a_part_of_a_file_cannot_be_read_streaming_fails_in_the_end(scripted_server, write_audio):
    first, second = (write_audio(name, [(2, 0)], subtype="VORBIS") for name in ("a.ogg", "b.ogg"))
    first.write_bytes(first.read_bytes() + second.read_bytes().replace(b"\x01vorbis", b"\x01vorbiz"))
    shown = run(first, "--url", scripted_server.url, "--json")
    assert shown.exit_code == 1
    assert shown.stderr.startswith(f"Error: {first} could only be read in part, 2.0 s of it: ")
    assert json.loads(shown.stdout)["speakers"] == [{"id": 0, "totalTimeMs": 2000}]


def test_lines_are_printed_as_messages_arrive_and_a_closed_pipe_is_no_error(scripted_server, conversation):
    streaming = process(conversation, "--url", scripted_server.url, "--realtime")
    first = json.loads(streaming.stdout.readline())
    second = json.loads(streaming.stdout.readline())
    assert streaming.poll() is None
    streaming.stdout.close()
    assert (first["event"], second["event"]) == ("started", "speaker")
    assert streaming.wait(60) == 1
    assert streaming.stderr.read() == ""


def test_the_error_of_a_server_is_the_last_line_and_reported(start_server, conversation):
    server = start_server(stage_options={"scripted": {"broken": "in feed"}})
    result = run(conversation, "--url", server.url)
    said = "stage 'scripted' failed on the server's side; this session is over, others are not affected"
    assert result.exit_code == 1
    assert result.stderr == f"Error: the server says: {said}\n"
    assert json.loads(result.stdout.splitlines()[-1]) == {"event": "error", "code": "stage_failed", "message": said}

    assert run(conversation, "--url", server.url, "--json").stdout == ""


def test_what_is_known_before_an_error_is_reported_and_written(start_server, conversation, tmp_path):
    server = start_server(max_session_seconds=3)
    result = run(conversation, "--url", server.url, "--rttm", tmp_path / "a.rttm")
    report, error = [json.loads(line) for line in result.stdout.splitlines()[-2:]]
    assert report["speakers"][0] == {"id": 0, "totalTimeMs": 1000}
    assert (error["event"], error["code"]) == ("error", "session_too_long")
    assert (result.exit_code, result.stderr) == (1, f"Error: the server says: {error['message']}\n")
    assert (tmp_path / "a.rttm").read_text().startswith("SPEAKER conversation 1 1.000 1.000 ")


def test_a_server_that_is_busy_is_one_line_and_status_1(start_server, conversation):
    server = start_server(max_sessions=1)
    with ProtocolClient(server.url) as other:
        other.start()
        result = run(conversation, "--url", server.url)
    assert result.exit_code == 1
    assert "Error: the server says: " in result.stderr
    assert json.loads(result.stdout)["code"] == "server_busy"


def test_no_server_is_one_line_and_status_1(conversation, unused_tcp_port):
    url = f"ws://127.0.0.1:{unused_tcp_port}/ws/session"
    result = run(conversation, "--url", url)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == f"Error: {url} cannot be reached: connection refused; is the server running?\n"


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"SSH-2.0-OpenSSH_9.6\r\n"])
def test_a_server_that_is_not_ours_is_one_line_and_status_1(conversation, answer):
    class Answering(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(4096)
            self.request.sendall(answer)

    with socketserver.TCPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"ws://127.0.0.1:{server.server_address[1]}/ws/session"
        result = run(conversation, "--url", url)
        server.shutdown()
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {url} ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("url", ["nonsense", "http://127.0.0.1/", "ws://"])
def test_an_invalid_address_is_one_line_and_status_1(conversation, url):
    result = run(conversation, "--url", url)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "ws://127.0.0.1:8000/ws/session" in result.stderr


@pytest.mark.parametrize(
    ("audio", "sentence"),
    [
        ("none.wav", "there is no file none.wav"),
        (".", ". is a folder; name an audio file in it"),
        ("{folder}/empty.wav", "{folder}/empty.wav is empty"),
    ],
)
def test_a_file_that_cannot_be_read_is_reported_before_connecting(tmp_path, audio, sentence):
    (tmp_path / "empty.wav").touch()
    result = run(audio.format(folder=tmp_path))
    assert (result.exit_code, result.stderr) == (1, f"Error: {sentence.format(folder=tmp_path)}\n")


def test_ctrl_c_ends_a_file_at_once(scripted_server, conversation, tmp_path):
    streaming = process(conversation, "--url", scripted_server.url, "--realtime", "--rttm", tmp_path / "a.rttm")
    streaming.stdout.readline()
    streaming.send_signal(signal.SIGINT)
    _, told = streaming.communicate(timeout=60)
    assert (streaming.returncode, told) == (130, "Interrupted.\n")
    assert not (tmp_path / "a.rttm").exists()


def test_a_full_disk_below_standard_output_is_one_line(scripted_server, conversation):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "speaker_tracker", "stream", str(conversation), "--url", scripted_server.url],
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, b"Error: standard output cannot be written: No space left on device\n")


def test_a_server_that_shuts_down_is_the_end_where_none_is_to_be_tried_again(start_server, write_audio, tmp_path):
    audio = write_audio("long.wav", [(60, 0)])
    server = start_server()
    streaming = process(audio, "--url", server.url, "--realtime", "--reconnect-for", "0", "--rttm", tmp_path / "a.rttm")
    while "timeline" not in streaming.stdout.readline():
        continue
    server.process.terminate()
    printed, told = streaming.communicate(timeout=60)
    assert streaming.returncode == 1
    assert told == f"Error: {server.url} shut down before all audio was processed; the report covers only a part of it\n"
    assert json.loads(printed.splitlines()[-1])["event"] == "report"
    assert (tmp_path / "a.rttm").read_text().startswith("SPEAKER long 1 0.000 ")
