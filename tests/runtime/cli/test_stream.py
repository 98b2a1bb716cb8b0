import json

import pytest
from click.testing import CliRunner

from speaker_tracker.cli.main import main

pytestmark = pytest.mark.usefixtures("scripted_chain")


def run(*arguments):
    return CliRunner().invoke(main, ["stream", *map(str, arguments)])


def test_a_running_server_is_streamed_to(start_server, conversation, tmp_path):
    server = start_server(tokens=["sesame"])
    shown = run(conversation, "--url", server.url, "--token", "sesame", "--rttm", tmp_path / "a.rttm")
    assert shown.exit_code == 0, shown.stderr
    assert "   0:01.0 -    0:02.0   speaker 0\n   0:02.0 -    0:04.0   speaker 1\n" in shown.stdout
    assert "Speech was labelled 0.25 s after it was heard (median; 95 % within 0.47 s)." in shown.stdout
    assert (tmp_path / "a.rttm").read_text().splitlines()[0] == ("SPEAKER conversation 1 1.000 1.000 <NA> <NA> speaker_0 <NA> <NA>")

    document = json.loads(run(conversation, "--url", server.url, "--token", "sesame", "--json").stdout)
    assert document["speakers"] == [{"id": 0, "totalTimeMs": 1000}, {"id": 1, "totalTimeMs": 2000}]
    assert document["segments"][1] == {"startMs": 2000, "endMs": 4000, "speakerId": 1}

    refused = run(conversation, "--url", server.url, "--token", "wrong")
    assert refused.exit_code == 1
    assert refused.stderr == f"Error: {server.url} wants a valid token (HTTP 401); give it with --token\n"


def test_no_server_is_one_line_and_status_1(conversation, unused_tcp_port):
    url = f"ws://127.0.0.1:{unused_tcp_port}/ws/session"
    result = run(conversation, "--url", url)
    assert result.exit_code == 1
    assert result.stderr == f"Error: {url} cannot be reached: connection refused; is the server running?\n"


def test_a_server_that_fails_is_one_line_and_status_1(start_server, conversation):
    server = start_server(stage_options={"scripted": {"broken": "in feed"}})
    result = run(conversation, "--url", server.url)
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: the server says: stage 'scripted' failed on the server's side; this session is over, others are not affected\n"
    )


def test_a_file_that_is_not_there_is_told_before_the_server_is_asked():
    result = run("none.wav")
    assert (result.exit_code, result.stderr) == (1, "Error: there is no file none.wav\n")
