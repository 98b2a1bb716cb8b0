"""``--voices``, ``--learn`` and ``--learn-as`` of ``stream``, with a server that a test makes up."""

import json
import re

import pytest
from click.testing import CliRunner

from speaker_tracker.cli.main import main
from speaker_tracker.cli.voices.voices_file import default_path, read_voices
from support.terminal import speaker_tracker
from support.voices import voiceprint


@pytest.fixture
def stream(printing_server, conversation):
    def run(*arguments):
        return CliRunner().invoke(main, ["stream", str(conversation), "--url", printing_server.url, *map(str, arguments)])

    return run


def kept(path):
    return [(one.name, one.voice.voiceprint) for one in read_voices(path).stored]


def test_people_of_the_file_are_named_in_every_output(stream, printing_server, keep, tmp_path):
    path = keep("Anna Berg", "Ben")
    result = stream("--voices", path, "--json", "--rttm", tmp_path / "a.rttm")
    assert result.exit_code == 0, result.stderr
    (start,) = printing_server.starts
    assert [voice["name"] for voice in start["known_voices"]] == ["Ben", "Anna Berg"]
    document = json.loads(result.stdout)
    assert [speaker.get("name") for speaker in document["speakers"]] == ["Ben", None, None]
    assert [segment.get("name") for segment in document["segments"]] == ["Ben", None, None]
    assert (tmp_path / "a.rttm").read_text().split()[7] == "Ben"


def test_speakers_are_kept_under_the_names_that_are_given_and_voiceprints_are_not_printed(stream, tmp_path):
    result = stream("--learn", tmp_path / "new.json", "--learn-as", "1=Ben", "--learn-as", "0= Anna ")
    assert result.exit_code == 0, result.stderr
    assert kept(tmp_path / "new.json") == [("Anna", voiceprint(10.0)), ("Ben", voiceprint(11.0))]
    assert result.stderr == (
        f"Speaker 0 is known as Anna from now on, by 20.0 s of speech, in {tmp_path}/new.json\n"
        f"Speaker 1 is known as Ben from now on, by 20.0 s of speech, in {tmp_path}/new.json\n"
    )
    messages = [json.loads(line) for line in result.stdout.splitlines()]
    assert {message["event"] for message in messages} == {"started", "timeline", "report"}
    assert "vector" not in result.stdout


def test_without_a_file_they_are_kept_in_the_default_one_and_known_by_it(stream, printing_server):
    assert stream("--learn-as", "0=Anna").exit_code == 0
    assert kept(default_path()) == [("Anna", voiceprint(10.0))]
    assert stream("--voices").exit_code == 0
    assert printing_server.starts[1]["known_voices"][0]["name"] == "Anna"


def test_those_who_are_known_get_another_print_where_that_is_asked_for(stream, keep):
    path = keep("Anna")
    assert stream("--voices", path, "--learn-as", "0=Anna").exit_code == 0
    assert kept(path) == [("Anna", voiceprint(1.0)), ("Anna", voiceprint(10.0))]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("2=Carla", "Carla was not added: speaker 2 spoke for 0:00.1, and at least 5 s of a voice alone are needed"),
        ("4=Carla", "Carla was not added: there is no speaker 4; the speakers are 0, 1, 2"),
    ],
)
def test_a_speaker_without_a_voiceprint_is_an_error_after_the_others_are_kept(stream, tmp_path, name, message):
    result = stream("--learn", tmp_path / "new.json", "--learn-as", "0=Anna", "--learn-as", name)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == f"Error: {message}"
    assert '"report"' in result.stdout
    assert kept(tmp_path / "new.json") == [("Anna", voiceprint(10.0))]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--learn"], "--learn asks for names on a terminal, and standard input is none; give them by --learn-as, as in"),
        (["--learn-as", "Anna"], "'Anna' is no ID=NAME, such as 0=Anna"),
        (["--learn-as", "-1=Anna"], "'-1=Anna' is no ID=NAME"),
        (["--learn-as", "0="], "in '0=', a name cannot be empty"),
        (["--learn-as", f"0={'a' * 101}"], "a name has at most 100 characters, not 101"),
        (["--learn-as", "0=a\nb"], "a name cannot have control characters"),
        (["--learn-as", "0=Anna", "--learn-as", "0=Ben"], "speaker 0 is given two names; give one"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_sent(stream, printing_server, arguments, message):
    result = stream(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert printing_server.starts == []


def test_files_that_cannot_be_used_are_told_of_before_anything_is_sent(stream, printing_server, keep, tmp_path):
    path = keep("Anna")
    for arguments, message in [
        (["--voices", tmp_path / "none.json"], "there is no voices file"),
        (["--voices", __file__], "is no voices file: it is not JSON"),
        (["--learn-as", "0=Anna", "--learn", tmp_path], "is a folder; name a file"),
        (["--learn-as", "0=Anna", "--learn", tmp_path / "none" / "voices.json"], "there is no folder"),
    ]:
        result = stream(*arguments)
        assert (result.exit_code, message in result.stderr) == (1, True), result.stderr
    other = path.rename(tmp_path / "other.json")
    result = stream("--voices", keep("Ben", model="campplus"), "--learn", other, "--learn-as", "0=Anna")
    assert "is for the voice model 'campplus', version 1, and" in result.stderr
    assert printing_server.starts == []


def test_more_prints_than_a_session_takes_are_told_of(stream, printing_server, keep):
    result = stream("--voices", keep(*[f"person {number}" for number in range(52)]))
    assert result.exit_code == 0
    assert len(printing_server.starts[0]["known_voices"]) == 50
    assert result.stderr == (
        "Note: one session takes 50 voiceprints, so 2 of 52 are left out, the newest of each name last; 50 of 52 people can be "
        "recognized\n"
    )


def test_a_file_that_others_may_read_is_told_of(stream, keep):
    path = keep("Anna")
    path.chmod(0o640)
    result = stream("--voices", path)
    assert result.exit_code == 0
    assert (
        result.stderr
        == f"Note: other users of this machine may use {path}, as its mode is 640, and voices are personal: chmod 600 {path}\n"
    )


def test_on_a_terminal_it_asks_who_speakers_were_who_have_no_name_yet(printing_server, conversation, keep):
    path = keep("Anna")
    terminal = speaker_tracker("stream", conversation, "--url", printing_server.url, "--learn", path, columns=120)
    try:
        terminal.shows(re.compile(r"Anna +0:00\.9"), "Who is speaker 1, who spoke for 0:00.6? (name, or empty to skip)")
        terminal.type("Ben\n")
        assert terminal.wait() == 0
        assert "speaker 0" not in terminal.screen.split("share")[1]
    finally:
        terminal.close()
    assert kept(path) == [("Anna", voiceprint(1.0)), ("Ben", voiceprint(11.0))]


def test_who_is_skipped_is_not_kept(printing_server, conversation, tmp_path):
    terminal = speaker_tracker("stream", conversation, "--url", printing_server.url, "--learn", tmp_path / "new.json", columns=120)
    try:
        terminal.shows("Who is speaker 0")
        terminal.type("\n")
        terminal.shows("Who is speaker 1")
        terminal.type(f"{'a' * 101}\n")
        terminal.shows("A name has at most 100 characters, not 101.")
        terminal.type("\n")
        assert terminal.wait() == 0
    finally:
        terminal.close()
    assert not (tmp_path / "new.json").exists()
