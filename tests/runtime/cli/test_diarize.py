import json

import pytest
from click.testing import CliRunner

from speaker_tracker.cli.main import main

pytestmark = pytest.mark.usefixtures("scripted_chain")

SEGMENTS = [{"startMs": 1000, "endMs": 2000, "speakerId": 0}, {"startMs": 2000, "endMs": 4000, "speakerId": 1}]


def run(*arguments):
    return CliRunner().invoke(main, ["diarize", *map(str, arguments)])


def test_it_prints_who_speaks_when_and_how_long(conversation):
    result = run(conversation)
    assert result.exit_code == 0, result.stderr
    assert "   0:01.0 -    0:02.0   speaker 0\n   0:02.0 -    0:04.0   speaker 1\n" in result.stdout
    assert "speaker 1   0:02.0    67 %" in result.stdout
    assert result.stderr == ""


def test_json_is_one_document(conversation):
    assert json.loads(run(conversation, "--json").stdout) == {
        "audio": str(conversation),
        "seconds": 4.0,
        "speakers": [{"id": 0, "totalTimeMs": 1000}, {"id": 1, "totalTimeMs": 2000}],
        "segments": SEGMENTS,
    }


def test_json_of_several_files_is_a_list(conversation, write_audio):
    documents = json.loads(run(conversation, write_audio("silence.wav", [(1, None)]), "--json").stdout)
    assert [document["speakers"] for document in documents][1] == []
    assert documents[0]["segments"] == SEGMENTS


def test_rttm_holds_all_files_under_their_names(conversation, write_audio, tmp_path):
    other = write_audio("other talk.wav", [(1, 0)])
    assert run(conversation, other, "--rttm", tmp_path / "all.rttm").exit_code == 0
    assert (tmp_path / "all.rttm").read_text() == (
        "SPEAKER conversation 1 1.000 1.000 <NA> <NA> speaker_0 <NA> <NA>\n"
        "SPEAKER conversation 1 2.000 2.000 <NA> <NA> speaker_1 <NA> <NA>\n"
        "SPEAKER other_talk 1 0.000 1.000 <NA> <NA> speaker_0 <NA> <NA>\n"
    )


def test_files_of_one_name_cannot_share_an_rttm_file(conversation, tmp_path):
    (tmp_path / "again").mkdir()
    again = tmp_path / "again" / "conversation.wav"
    again.write_bytes(conversation.read_bytes())
    assert run(conversation, again, "--rttm", tmp_path / "all.rttm").exit_code == 2
    assert run(conversation, again).exit_code == 0


def test_further_voices_than_asked_for_are_ignored(conversation):
    document = json.loads(run(conversation, "--num-speakers", 1, "--json").stdout)
    assert document["speakers"] == [{"id": 0, "totalTimeMs": 1000}]


def test_silence_has_no_speakers(write_audio):
    assert "Nobody speaks." in run(write_audio("silence.wav", [(2, None)])).stdout


def test_a_picture_is_drawn_with_the_reference(conversation, tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "truth.rttm").write_text("SPEAKER conversation 1 1.0 1.0 <NA> <NA> anna <NA> <NA>\n")
    result = run(conversation, "--plot", tmp_path / "a.png", "--reference", tmp_path / "truth.rttm")
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("count", [0, 6, "two"])
def test_a_wrong_number_of_speakers_is_wrong_usage(conversation, count):
    assert run(conversation, "--num-speakers", count).exit_code == 2


def test_a_reference_without_a_picture_is_wrong_usage(conversation, tmp_path):
    assert run(conversation, "--reference", tmp_path / "truth.rttm").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["none.wav"], "there is no file none.wav"),
        (["{audio}", "--rttm", "/none/a.rttm"], "/none/a.rttm cannot be written: there is no folder /none"),
        (["{audio}", "--plot", "{folder}"], "{folder} is a folder; name a file"),
        (["{audio}", "--plot", "{folder}/a.png", "--reference", "none.rttm"], "there is no file none.rttm"),
    ],
)
def test_what_cannot_be_read_or_written_is_told_before_any_work(conversation, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__SCRIPTED__BROKEN", "at load")
    names = {"audio": conversation, "folder": tmp_path}
    result = run(*(argument.format(**names) for argument in arguments))
    assert (result.exit_code, result.stderr) == (1, f"Error: {sentence.format(**names)}\n")


def test_what_is_read_is_not_written_over(conversation):
    before = conversation.read_bytes()
    result = run(conversation, "--rttm", conversation)

    assert (result.exit_code, conversation.read_bytes()) == (2, before)
    assert f"{conversation} is read" in result.stderr


def test_two_outputs_need_two_files(conversation, tmp_path):
    result = run(conversation, "--rttm", tmp_path / "one.png", "--plot", tmp_path / "one.png")

    assert result.exit_code == 2
    assert "name two files" in result.stderr


def test_a_picture_is_png(conversation, tmp_path):
    result = run(conversation, "--plot", tmp_path / "picture.jpg")

    assert result.exit_code == 2
    assert "ends in .png" in result.stderr
