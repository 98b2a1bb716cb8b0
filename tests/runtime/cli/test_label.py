import json
import sys

import pytest
from click.testing import CliRunner

from speaker_tracker.cli.main import main
from support import transcript_samples as samples


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The folder in which the command runs, with talk.json, talk.srt and talk.rttm."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "talk.json").write_text(samples.SAMPLES["whisper"])
    (tmp_path / "talk.srt").write_text(samples.SRT)
    (tmp_path / "talk.rttm").write_text(samples.RTTM)
    return tmp_path


def run(*arguments, **options):
    return CliRunner().invoke(main, ["label", *map(str, arguments)], **options)


@pytest.mark.usefixtures("scripted_chain")
def test_the_recording_is_tracked_in_this_process(conversation, tmp_path):
    """The recording: nobody, then speaker 0 from second 1 on, speaker 1 from second 2 on."""
    (tmp_path / "talk.tsv").write_text("1\t2\tHello there.\n2\t4\tGood morning.\n")
    result = run(tmp_path / "talk.tsv", "--audio", conversation, "-o", tmp_path / "talk.txt")
    assert (result.exit_code, result.output) == (0, "")
    assert (tmp_path / "talk.txt").read_text() == "Speaker 0: Hello there.\n\nSpeaker 1: Good morning.\n"


@pytest.mark.usefixtures("scripted_chain")
def test_fewer_voices_can_be_tracked(conversation, tmp_path):
    (tmp_path / "talk.tsv").write_text("1\t2\tHello there.\n3.5\t4\tGood morning.\n")
    result = run(tmp_path / "talk.tsv", "--audio", conversation, "--num-speakers", 1, "--to", "text")
    assert result.stdout == "Speaker 0: Hello there.\n\nUnknown: Good morning.\n"
    assert result.stderr == "Note: 2 of 4 words are nobody's, as nobody speaks within 1 s of them\n"


@pytest.mark.usefixtures("scripted_chain", "place")
def test_a_voices_file_that_is_not_there_is_an_error(conversation):
    result = run("talk.json", "--audio", conversation, "--voices", "none.json")
    assert result.exit_code == 1
    assert "there is no voices file none.json; make one" in result.stderr


@pytest.mark.usefixtures("scripted_chain", "place")
def test_of_a_damaged_recording_what_can_be_read_is_used(write_audio, conversation):
    conversation.write_bytes(conversation.read_bytes()[:-32_000])
    result = run("talk.srt", "--audio", conversation, "--to", "text")
    assert (result.exit_code, result.stdout) == (0, f"Speaker 0: {samples.ANNA}\n\nSpeaker 1: {samples.BEN}\n")
    assert result.stderr == f"Note: {conversation} is damaged: its header says 4.0 s; 3.0 s of it were read\n"

    broken = write_audio("b.ogg", [(2, 1)], subtype="VORBIS").read_bytes().replace(b"\x01vorbis", b"\x01vorbiz")
    path = write_audio("a.ogg", [(2, 0)], subtype="VORBIS")
    path.write_bytes(path.read_bytes() + broken)
    result = run("talk.srt", "--audio", path, "--to", "text")
    assert result.exit_code == 1
    assert result.stdout.startswith(f"Speaker 0: {samples.ANNA}")
    assert f"Error: {path} could only be read in part, 2.0 s of it: " in result.stderr


def test_the_ending_says_what_is_written(place):
    for ending, begins in (("srt", "1\n"), ("vtt", "WEBVTT"), ("json", "{"), ("txt", "Anna: "), ("md", "**Anna**")):
        assert run("talk.json", "--rttm", "talk.rttm", "--names", "0=Anna,1=Ben", "-o", f"out.{ending}").exit_code == 0
        assert (place / f"out.{ending}").read_text().startswith(begins)


def test_the_format_goes_before_the_ending(place):
    assert run("talk.json", "--rttm", "talk.rttm", "--to", "text", "-o", "out.json").exit_code == 0
    assert (place / "out.json").read_text().startswith("Speaker 0: ")


@pytest.mark.usefixtures("place")
def test_without_file_the_same_format_goes_to_standard_output():
    assert json.loads(run("talk.json", "--rttm", "talk.rttm").stdout)["segments"][0]["words"][0]["speaker"] == "Speaker 0"
    assert run("talk.srt", "--rttm", "talk.rttm", "-o", "-").stdout.startswith("1\n00:00:00,000 --> 00:00:01,900\nSpeaker 0: Good")


@pytest.mark.usefixtures("place")
def test_the_transcript_may_come_from_standard_input():
    result = run(
        "-", "--rttm", "talk.rttm", "--to", "text", "--names", "0=Anna", "--names", "1=Ben", input=samples.SAMPLES["google"]
    )
    assert result.stdout == f"Anna: {samples.ANNA}\n\nBen: {samples.BEN}\n"


def test_a_report_says_who_speaks(place):
    segments = [{"startMs": 0, "endMs": 2000, "speakerId": 0, "name": "Anna"}, {"startMs": 2000, "endMs": 4000, "speakerId": 1}]
    (place / "report.json").write_text(json.dumps({"event": "report", "speakers": [], "segments": segments}))
    result = run("talk.json", "--report", "report.json", "--to", "text")
    assert result.stdout == f"Anna: {samples.ANNA}\n\nSpeaker 1: {samples.BEN}\n"


def test_a_transcript_without_words_is_told(place):
    (place / "talk.json").write_text('{"segments": []}')
    result = run("talk.json", "--rttm", "talk.rttm", "-o", "out.srt")
    assert (result.exit_code, result.stderr) == (0, "Note: talk.json has no words\n")


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (("talk.json",), 2, "who speaks when comes from one of --audio, --rttm and --report; name one"),
        (("talk.json", "--rttm", "talk.rttm", "--report", "a"), 2, "name one"),
        (("talk.json", "--rttm", "talk.rttm", "--num-speakers", 2), 2, "--num-speakers and --voices are for --audio"),
        (
            ("talk.json", "--rttm", "talk.rttm", "-o", "out.docx"),
            2,
            "'out.docx' does not say what to write; give it one of the endings .srt",
        ),
        (("talk.json", "--rttm", "talk.rttm", "-o", "talk.json"), 2, "talk.json is read; name another file to write to"),
        (("talk.json", "--rttm", "talk.rttm", "-o", "no/out.srt"), 1, "there is no folder"),
        (("talk.json", "--rttm", "talk.rttm", "--names", "Anna"), 2, "'Anna' is no ID=NAME; names are given as in 0=Anna,1=Ben"),
        (("talk.json", "--rttm", "talk.rttm", "--names", "0=Anna,0=Ben"), 2, "speaker 0 is given two names; give one"),
        (("talk.json", "--rttm", "talk.rttm", "--names", "0="), 2, "a name cannot be empty"),
        (("talk.json", "--rttm", "talk.rttm", "--names", "5=Eve"), 1, "there is no speaker '5'; there are 0, 1"),
        (("talk.json", "--rttm", "talk.rttm", "--from", "srt"), 1, "talk.json is JSON, not srt; leave out --from"),
        (("none.json", "--rttm", "talk.rttm"), 1, "there is no file none.json"),
        ((".", "--rttm", "talk.rttm"), 1, ". cannot be read: Is a directory"),
        (("talk.json", "--rttm", "none.rttm"), 1, "there is no file none.rttm"),
        (("talk.json", "--audio", "none.wav"), 1, "none.wav"),
        (("talk.json", "--rttm", "talk.rttm", "--gap-seconds", -1), 2, "--gap-seconds"),
    ],
)
@pytest.mark.usefixtures("place")
def test_wrong_usage_and_files_that_cannot_be_used_are_one_line(arguments, status, sentence):
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (status, "")
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_file_is_not_touched_if_something_fails(place):
    (place / "out.srt").write_text("as it was")
    (place / "talk.json").write_text("{")
    assert run("talk.json", "--rttm", "talk.rttm", "-o", "out.srt").exit_code == 1
    assert (place / "out.srt").read_text() == "as it was"


@pytest.mark.usefixtures("place")
def test_subtitles_need_an_extra_and_nothing_else_does(monkeypatch):
    monkeypatch.setitem(sys.modules, "webvtt", None)
    assert run("talk.json", "--rttm", "talk.rttm", "--to", "text").exit_code == 0
    result = run("talk.json", "--rttm", "talk.rttm", "--to", "srt")
    assert result.exit_code == 1
    assert "needs webvtt-py, which is not installed; run: pip install 'speaker-tracker[transcripts]'" in result.stderr
