import json
import signal
import subprocess
import sys
import time

import psutil
import pytest
from click.testing import CliRunner

from speaker_tracker.cli.main import main

pytestmark = pytest.mark.usefixtures("scripted_chain")
PNG = b"\x89PNG"
SHORT = ("--seconds", 1, "--ramp", 0.2, "--warm-up", 0.3)


def run(*arguments):
    return CliRunner().invoke(main, ["bench", *map(str, arguments)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Missing argument 'AUDIO...'"),
        (("talk.wav", "--file", "--soak", "1"), "--soak and --file measure different things; choose one of them"),
        (("talk.wav", "--cold-start", "--baseline"), "--baseline does not go with --cold-start; leave one of them out"),
        (("talk.wav", "--file", "--sessions", "4"), "--sessions does not go with --file"),
        (("talk.wav", "--profile", "--plot", "x.png"), "--plot does not go with --profile"),
        (("talk.wav", "--file", "--workers", "2"), "--workers does not go with --file"),
        (("talk.wav", "--speed", "2"), "--speed goes with --soak"),
        (("talk.wav", "--runs", "2"), "--runs goes with --cold-start or --file or --baseline"),
        (("talk.wav", "--sessions", "4", "--limit", "8"), "--limit bounds the search, and --sessions says what to try"),
        (("talk.wav", "--profile", "--sessions", "4,8"), "--profile takes one number of --sessions"),
        (("talk.wav", "--sessions", "4,x"), "'4,x' is no list of numbers above 0, such as 8,16,24"),
        (("talk.wav", "--sessions", "0"), "'0' is no list of numbers above 0"),
        (("talk.wav", "--plot", "x.jpg"), "--plot draws PNG pictures"),
    ],
)
def test_wrong_usage_is_told(arguments, message):
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


def test_a_file_that_is_not_there_is_told(tmp_path):
    result = run(tmp_path / "talk.wav", "--sessions", 1)
    assert (result.exit_code, result.stderr) == (1, f"Error: there is no file {tmp_path / 'talk.wav'}\n")


def test_a_chain_that_cannot_work_is_told_before_anything_is_measured(conversation):
    result = run(conversation, "--stages", "scripted,nothing")
    assert result.exit_code == 1
    assert "an unknown stage 'nothing'" in result.stderr


def test_a_file_that_cannot_be_written_is_told_before_anything_is_measured(conversation, tmp_path):
    result = run(conversation, "--json", tmp_path / "nowhere" / "x.json")
    assert result.exit_code == 1
    assert "there is no folder" in result.stderr


def test_steps_are_printed_written_and_drawn(conversation, tmp_path):
    pytest.importorskip("matplotlib")
    document, picture = tmp_path / "result.json", tmp_path / "result.png"
    written = ("--json", document, "--plot", picture)
    result = run(conversation, "--sessions", "1,2", *SHORT, "--baseline", "--runs", 1, "--target-ms", 60_000, *written)
    assert result.exit_code == 0, result.stderr
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["1 sessions", "2 sessions", "pair 1 of 1"]
    lines = [line.split() for line in result.stdout.splitlines()]
    assert [line[:2] for line in lines if line[:2] in (["1", "0"], ["2", "0"])] == [["1", "0"], ["2", "0"]]
    assert "capacity: 2 sessions with 95 % of the messages within 60000 ms; more were not tried" in result.stdout
    assert "the plain way takes" in result.stdout
    told = json.loads(document.read_text())
    assert told["stages"] == ["scripted"]
    assert [step["sessions"] for step in told["load"]["steps"]] == [1, 2]
    assert told["load"]["capacity"] == 2
    assert len(told["load"]["baseline"]["plain"]) == 1
    assert picture.read_bytes().startswith(PNG)


@pytest.mark.parametrize(
    ("measure", "part", "said"),
    [
        (("--file", "--runs", 1), "file", "times real time"),
        (("--cold-start", "--runs", 1), "coldStart", "until the first label"),
        (("--soak", 0.005, "--speed", 20), "soak", "last against first"),
        (("--profile", "--sessions", 2, *SHORT), "profile", "the profiler itself"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_measures_are_printed_and_written(measure, part, said, conversation, tmp_path):
    result = run(conversation, *measure, "--json", tmp_path / "result.json")
    assert result.exit_code == 0, result.stderr
    assert said in result.stdout
    assert part in json.loads((tmp_path / "result.json").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_no_process_is_left_behind(conversation, number):
    command = [sys.executable, "-m", "speaker_tracker", "bench", str(conversation), "--sessions", "1", "--seconds", "600"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as bench:
        children = []
        while len(children) < 3:  # of which one watches what the processes of Python's multiprocessing leave behind
            assert bench.poll() is None
            time.sleep(0.1)
            children = psutil.Process(bench.pid).children(recursive=True)
        time.sleep(1.0)
        bench.send_signal(number)
        bench.wait(60)
    _, alive = psutil.wait_procs(children, 60)
    assert alive == []
