import json

import pytest
from click.testing import CliRunner

from speaker_tracker.cli.main import main
from speaker_tracker.cli.voices.voices_file import read_voices


def run(*arguments):
    return CliRunner().invoke(main, ["voices", *map(str, arguments)])


def test_people_are_listed_with_what_is_kept_of_them(keep):
    path = keep("Ben", "anna", "Ben")
    result = run("list", "--voices", path)
    assert result.exit_code == 0, result.stderr
    rows = [line.split() for line in result.stdout.splitlines() if "2026" in line]
    assert rows == [["anna", "1", "0:20.0", "2026-11-21"], ["Ben", "2", "0:40.0", "2026-11-22"]]
    document = json.loads(run("list", "--voices", path, "--json").stdout)
    assert document == {
        "file": str(path),
        "model": "ecapa-mini",
        "modelVersion": 1,
        "people": [
            {"name": "anna", "voiceprints": 1, "seconds": 20.0, "newest": "2026-11-21"},
            {"name": "Ben", "voiceprints": 2, "seconds": 40.0, "newest": "2026-11-22"},
        ],
    }


def test_people_are_forgotten(keep):
    path = keep("Anna", "Ben", "Anna", "Carla")
    result = run("forget", "Anna", "Carla", "--voices", path)
    assert (result.exit_code, result.stdout) == (0, "Forgotten: Anna and Carla\n")
    assert read_voices(path).names == ["Ben"]
    assert run("forget", "--all", "--voices", path).stdout == "Forgotten: Ben\n"
    assert read_voices(path).stored == ()
    assert run("list", "--voices", path).stdout == f"{path} has no voices.\n"
    assert run("forget", "--all", "--voices", path).stdout == f"{path} has no voices.\n"


def test_a_name_that_is_not_there_is_an_error_and_nobody_is_forgotten(keep):
    path = keep("Anna", "Ben")
    result = run("forget", "Anna", "Carla", "--voices", path)
    assert (result.exit_code, result.stderr) == (1, f"Error: {path} has no voice of Carla; it has Anna and Ben\n")
    assert read_voices(path).names == ["Anna", "Ben"]


@pytest.mark.parametrize("arguments", [["forget"], ["forget", "Anna", "--all"]])
def test_who_is_forgotten_must_be_said(arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert "name the people to forget, or give --all, one of both" in result.stderr


@pytest.mark.parametrize("arguments", [["list"], ["forget", "Anna"], ["check", "talk.flac"]])
def test_without_a_file_it_is_said_how_to_make_one(arguments, data_home):
    result = run(*arguments)
    assert result.exit_code == 1
    path = data_home / "speaker-tracker" / "voices.json"
    how = "make one by `speaker-tracker enroll NAME AUDIO`, or by --learn of stream and diarize"
    assert result.stderr == f"Error: there is no voices file {path}; {how}\n"


def test_names_are_completed(keep):
    path = keep("Anna", "Andrea", "Ben")
    environment = {
        "_SPEAKER_TRACKER_COMPLETE": "bash_complete",
        "COMP_WORDS": f"speaker-tracker voices forget --voices {path} An",
        "COMP_CWORD": "5",
    }
    done = CliRunner(env=environment).invoke(main, [], prog_name="speaker-tracker")
    assert done.stdout.split() == ["plain,Andrea", "plain,Anna"]


@pytest.mark.usefixtures("scripted_chain")
@pytest.mark.parametrize("arguments", [["check"], ["enroll", "Anna"]])
def test_a_chain_that_recognizes_nobody_is_told_of(keep, conversation, arguments):
    path = keep("Anna")
    group = ["voices"] if arguments[0] == "check" else []
    result = CliRunner().invoke(main, [*group, *arguments, str(conversation), "--voices", str(path)])
    assert result.exit_code == 1
    assert result.stderr.startswith(
        "Error: this chain of stages recognizes no voices and makes no voiceprints; use the default one"
    )


@pytest.mark.usefixtures("scripted_chain")
def test_diarize_learns_from_one_file(conversation, keep):
    result = CliRunner().invoke(main, ["diarize", str(conversation), str(keep("Anna")), "--learn-as", "0=Anna"])
    assert result.exit_code == 2
    assert "--learn and --learn-as are for one audio file, whose speakers they name, not for 2" in result.stderr
