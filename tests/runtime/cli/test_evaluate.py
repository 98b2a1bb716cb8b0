import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from click.testing import CliRunner

from speaker_tracker.cli.main import main

pytest.importorskip("pyannote.metrics")
pytestmark = pytest.mark.usefixtures("scripted_chain")

RTTM = "SPEAKER {uri} 1 1.0 1.0 <NA> <NA> anna <NA> <NA>\nSPEAKER {uri} 1 2.0 2.0 <NA> <NA> bert <NA> <NA>\n"


def write_manifest(folder, conversation, uris=("one",), **changes):
    entries = []
    for uri in uris:
        (folder / f"{uri}.rttm").write_text(RTTM.format(uri=uri))
        entry = {"uri": uri, "audio": conversation.name, "rttm": f"{uri}.rttm", "num_speakers": 2, "group": "clean", "seconds": 4.0}
        entries.append(entry | changes)
    path = folder / "manifest.json"
    path.write_text(json.dumps(entries))
    return path


def run(*arguments):
    return CliRunner().invoke(main, ["evaluate", *map(str, arguments)])


def test_perfect_timelines_have_no_error(tmp_path, conversation):
    result = run(write_manifest(tmp_path, conversation), "--json", "--jobs", 1)
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["groups"]["clean"]["online"]["der"] == 0
    assert document["groups"]["all"]["final"]["der"] == 0
    assert document["files"][0]["uri"] == "one"


def test_online_labels_that_were_corrected_count_against_the_online_timeline_alone(tmp_path, conversation, monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__SCRIPTED__HASTY", "true")
    result = run(write_manifest(tmp_path, conversation), "--json", "--jobs", 1)
    figures = json.loads(result.stdout)["groups"]["clean"]
    # Three seconds of speech, all first given to one speaker: two of them can be mapped rightly, one is confused.
    assert figures["online"] == {"der": 0.33333, "missed": 0, "falseAlarm": 0, "confusion": 0.33333, "totalSeconds": 3.0}
    assert figures["final"]["der"] == 0


OVERLAPPED = RTTM + "SPEAKER {uri} 1 2.0 0.5 <NA> <NA> carl <NA> <NA>\n"
"""With half a second in which two speak."""


def test_detection_and_changes_are_beside_the_error_rate(tmp_path, conversation, monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__SCRIPTED__HASTY", "true")
    manifest = write_manifest(tmp_path, conversation)
    (tmp_path / "one.rttm").write_text(OVERLAPPED.format(uri="one"))
    figures = json.loads(run(manifest, "--json", "--jobs", 1).stdout)["groups"]["clean"]
    found = {
        "speech": {"missed": 0, "falseAlarm": 0, "totalSeconds": 3},
        "overlap": {"found": 0, "false": None, "totalSeconds": 0.5, "falseSeconds": 0},
    }
    assert figures["detection"] == {"online": found, "final": found}
    assert figures["changes"] == {"found": 1, "falsePerMinute": 0, "total": 1}
    # All is first given to one speaker, who is Bert: Anna's last half second is confused near the change.
    assert figures["confusionNearChanges"] == {
        "online": {"around": round(0.5 / 3.5, 5), "after": 0},
        "final": {"around": 0, "after": 0},
    }


def test_detection_and_changes_are_printed_with_what_they_mean(tmp_path, conversation):
    manifest = write_manifest(tmp_path, conversation)
    (tmp_path / "one.rttm").write_text(OVERLAPPED.format(uri="one"))
    result = run(manifest, "--jobs", 1)
    assert result.exit_code == 0, result.stderr
    errors, told = [line.split() for line in result.stdout.splitlines() if line.startswith(" clean")]
    assert errors[:2] == ["clean", "1"]
    # Speech missed and false, overlap found and false, twice; changes found and false; confusion near changes, twice.
    assert told == ["clean", *["0.0", "0.0", "0.0", "-"] * 2, "100.0", "0.0", "0.0", "0.0"]
    titles = next(line.split() for line in result.stdout.splitlines() if line.split()[:3] == ["group", "miss", "f.a."])
    assert titles == ["group", *["miss", "f.a.", "found", "false"] * 2, "found", "false", "online", "final"]
    for term in ("speech:", "overlap:", "changes:", "conf near:"):
        assert any(line.startswith(term) for line in result.stdout.splitlines())


def test_latency_is_audio_taken_in_less_the_instant(tmp_path, conversation):
    result = run(write_manifest(tmp_path, conversation), "--json", "--jobs", 1)
    # Each message labels the half second that ends with it: latencies are 1 .. 500 ms, all equally often.
    assert json.loads(result.stdout)["groups"]["all"]["latencyMs"] == {"median": 250, "p95": 475}


def test_several_processes_give_the_same_as_one(tmp_path, conversation):
    manifest = write_manifest(tmp_path, conversation, uris=("one", "two", "three"))
    alone, shared = (json.loads(run(manifest, "--json", "--jobs", jobs).stdout) for jobs in (1, 2))
    for document in (alone, shared):
        for figures in (*document["groups"].values(), *document["files"]):
            del figures["realTimeFactor"]
    assert alone == shared


def test_the_tables_fit_a_terminal_of_100_columns(tmp_path, conversation):
    manifest = write_manifest(tmp_path, conversation, uris=("one", "a-conversation-with-a-name-that-goes-on"))
    result = run(manifest, "--verbose", "--jobs", 1)
    assert result.exit_code == 0
    assert sum(line.startswith(" one") for line in result.stdout.splitlines()) == 2
    assert "all" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_only_the_chosen_are_run(tmp_path, conversation):
    manifest = write_manifest(tmp_path, conversation, uris=("one", "two"))
    document = json.loads(run(manifest, "--json", "--uri", "two", "--jobs", 1).stdout)
    assert [row["uri"] for row in document["files"]] == ["two"]


@pytest.mark.parametrize(("part", "chosen"), [("1/1", ["one", "two", "three"]), ("1/2", ["one", "three"]), ("2/2", ["two"])])
def test_a_part_is_every_nth(tmp_path, conversation, part, chosen):
    manifest = write_manifest(tmp_path, conversation, uris=("one", "two", "three"))
    document = json.loads(run(manifest, "--json", "--part", part, "--jobs", 1).stdout)
    assert [row["uri"] for row in document["files"]] == chosen


def test_a_part_with_nothing_in_it_is_refused(tmp_path, conversation):
    result = run(write_manifest(tmp_path, conversation), "--part", "2/2")
    assert result.exit_code == 1
    assert result.stderr == "Error: no conversation of the manifest is of part 2/2\n"


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failure_is_one_line_and_status_1(tmp_path, conversation, monkeypatch, jobs):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__SCRIPTED__BROKEN", "at load")
    result = run(write_manifest(tmp_path, conversation, uris=("one", "two")), "--jobs", jobs)
    assert result.exit_code == 1
    assert result.stderr == "Error: stage 'scripted' cannot be loaded: its weights are not there\n"


def test_without_pyannote_the_extra_is_named(tmp_path, conversation, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyannote.metrics.diarization", None)
    result = run(write_manifest(tmp_path, conversation))
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: scoring needs pyannote.metrics, which is not installed; run: pip install 'speaker-tracker[evaluate]'\n"
    )


def test_nonsense_as_jobs_is_wrong_usage(tmp_path, conversation):
    assert run(write_manifest(tmp_path, conversation), "--jobs", 0).exit_code == 2


def test_the_oracle_is_printed_beside_the_measured_figures(tmp_path, conversation):
    manifest = write_manifest(tmp_path, conversation)
    figures = json.loads(run(manifest, "--json", "--oracle", "--jobs", 1).stdout)["groups"]["all"]
    # The scripted chain embeds nothing, so that nothing can be labelled.
    assert figures["oracle"]["missed"] == figures["hindsight"]["missed"] == 1
    assert "oracle" not in json.loads(run(manifest, "--json", "--jobs", 1).stdout)["groups"]["all"]

    printed = run(manifest, "--oracle", "--jobs", 1).stdout
    assert "hindsight" in printed
    assert max(map(len, printed.splitlines())) <= 100


def test_one_conversation_is_explained_by_a_picture(tmp_path, conversation):
    pytest.importorskip("matplotlib")
    manifest = write_manifest(tmp_path, conversation, uris=("one", "two"))
    result = run(manifest, "--explain", "two", "--plot", tmp_path / "two.png")
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "two.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--explain", "one"], 2, "go together"),
        (["--part", "3/2"], 2, "such as 1/2 or 2/2"),
        (["--part", "half"], 2, "such as 1/2 or 2/2"),
        (["--plot", "one.png"], 2, "go together"),
        (["--explain", "one", "--plot", "one.jpg"], 2, "name a file that ends in .png, not 'one.jpg'"),
        (["--explain", "three", "--plot", "one.png"], 1, "no conversation of the manifest has uri 'three'"),
        (["--explain", "one", "--plot", "/missing/one.png"], 1, "/missing"),
    ],
)
def test_an_impossible_explanation_is_reported_in_one_line(tmp_path, conversation, arguments, status, said):
    pytest.importorskip("matplotlib")
    result = run(write_manifest(tmp_path, conversation), *arguments)
    assert result.exit_code == status
    assert said in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "other",
    [
        ["--group", "clean"],
        ["--uri", "one"],
        ["--part", "1/2"],
        ["--jobs", "1"],
        ["--oracle"],
        ["--confidence"],
        ["--known", "people"],
        ["--cut"],
        ["--verbose"],
        ["-v"],
        ["--json"],
    ],
    ids=" ".join,
)
def test_options_without_effect_on_a_picture_are_refused(tmp_path, conversation, other):
    picture = tmp_path / "one.png"
    result = run(write_manifest(tmp_path, conversation), "--explain", "one", "--plot", picture, *other)

    assert result.exit_code == 2
    assert result.stderr.startswith(
        "Error: --explain draws one conversation and measures none; "
        "leave --group, --uri, --part, --jobs, --oracle, --confidence, --known, --cut, --verbose and --json out (see"
    )
    assert len(result.stderr.splitlines()) == 1
    assert not picture.exists()


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_process_closes_its_chain(tmp_path, conversation, closings, jobs):
    uris = tuple("abcdef")
    assert run(write_manifest(tmp_path, conversation, uris=uris), "--jobs", jobs).exit_code == 0
    closed = closings()
    assert len(closed) == len(set(closed))
    assert 1 <= len(closed) <= jobs


@pytest.mark.parametrize("jobs", [1, 2])
def test_chains_are_closed_after_a_failure_too(tmp_path, conversation, closings, jobs, monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__SCRIPTED__BROKEN", "in feed")
    assert run(write_manifest(tmp_path, conversation, uris=tuple("abcdef")), "--jobs", jobs).exit_code == 1
    assert 1 <= len(closings()) <= jobs


@pytest.mark.parametrize("jobs", [1, 2])
def test_chains_are_closed_after_an_interruption_too(tmp_path, write_audio, closings, jobs):
    long = write_audio("long.wav", [(600, 0)])
    manifest = write_manifest(tmp_path, long, uris=("a", "b"), seconds=600.0)
    command = [sys.executable, "-m", "speaker_tracker", "evaluate", manifest, "--jobs", str(jobs)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    working = psutil.Process(process.pid)
    end = time.monotonic() + 60
    while not all_busy(working, jobs) and time.monotonic() < end:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (130, b"Interrupted.\n")
    assert len(closings()) == jobs


def all_busy(process, jobs):
    """Whether every process that tracks has read of its audio file."""
    trackers = [process] if jobs == 1 else process.children(recursive=True)
    reading = [tracker for tracker in trackers if any(file.path.endswith("long.wav") for file in tracker.open_files())]
    return len(reading) == jobs


def test_the_chain_is_closed_after_one_conversation_was_explained(tmp_path, conversation, closings):
    pytest.importorskip("matplotlib")
    assert run(write_manifest(tmp_path, conversation), "--explain", "one", "--plot", tmp_path / "one.png").exit_code == 0
    assert len(closings()) == 1
