import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import webvtt
from click.testing import CliRunner

from speaker_tracker.cli.main import main
from speaker_tracker.results.formats import FORMATS
from support.terminal import speaker_tracker

pytestmark = pytest.mark.usefixtures("scripted_chain")

LONG = 300 * "a"
"""The name of a file that no file system can look up."""
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
def test_files_that_cannot_be_read_or_written_are_reported_before_any_work(
    conversation, tmp_path, monkeypatch, arguments, sentence
):
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


# -- channels ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def call(write_audio, tmp_path):
    """Speaker 0 on the first channel, and speakers 0 and 1 on the second, at the same time."""
    sides = [write_audio("a.wav", [(2, 0), (2, None)]), write_audio("b.wav", [(1, None), (1.5, 0), (1.5, 1)])]
    soundfile.write(tmp_path / "call.wav", np.stack([soundfile.read(side)[0] for side in sides], axis=1), 16_000, subtype="PCM_16")
    return tmp_path / "call.wav"


def test_channels_are_tracked_one_by_one_where_that_is_asked_for(call, tmp_path):
    result = run(call, "--channels", "separate", "--rttm", tmp_path / "a.rttm")
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    lines = [line.strip() for line in result.stdout.splitlines()[1:6]]
    assert lines == [
        "channel 1",
        "0:00.0 -    0:02.0   speaker 0",
        "channel 2",
        "0:01.0 -    0:02.5   speaker 1",
        "0:02.5 -    0:04.0   speaker 2",
    ]
    assert "speaker 2 (channel 2)   0:01.5" in result.stdout
    fields = [line.split() for line in (tmp_path / "a.rttm").read_text().splitlines()]
    assert [(line[2], line[3], line[7]) for line in fields] == [
        ("1", "0.000", "speaker_0"),
        ("2", "1.000", "speaker_1"),
        ("2", "2.500", "speaker_2"),
    ]


def test_every_format_says_the_channel(call, tmp_path):
    pytest.importorskip("matplotlib")
    result = run(call, "--channels", "separate", "--output-dir", tmp_path / "out", "--format", ",".join(FORMATS))
    assert result.exit_code == 0, result.stderr
    assert json.loads((tmp_path / "out" / "call.json").read_text())["speakers"][2] == {"id": 2, "totalTimeMs": 1500, "channel": 2}
    assert (tmp_path / "out" / "call.csv").read_text().splitlines()[3].endswith(",2.500,4.000,1.500,2,2")
    assert "Speaker 1 (channel 2)" in (tmp_path / "out" / "call.vtt").read_text()


def test_of_one_channel_it_is_the_same_but_for_its_number(conversation):
    mixed, separate = (json.loads(run(conversation, "--json", "--channels", how).stdout) for how in ("mix", "separate"))
    assert [segment | {"channel": 1} for segment in mixed["segments"]] == separate["segments"]


# -- damaged files ---------------------------------------------------------------------------------------------------------------


def in_halves(first, second):
    """A file of two recordings, of which the second is broken."""
    broken = second.read_bytes().replace(b"\x01vorbis", b"\x01vorbiz")
    first.write_bytes(first.read_bytes() + broken)
    return first


def test_of_a_file_that_was_cut_off_what_is_there_is_tracked_and_told(conversation):
    data = conversation.read_bytes()
    conversation.write_bytes(data[: len(data) - 32_000])
    result = run(conversation, "--json")
    assert result.exit_code == 0
    assert result.stderr == f"Note: {conversation} is damaged: its header says 4.0 s; 3.0 s of it were read\n"
    document = json.loads(result.stdout)
    assert document["seconds"] == 3
    assert document["speakers"] == [{"id": 0, "totalTimeMs": 1000}, {"id": 1, "totalTimeMs": 1000}]


def test_where_a_part_cannot_be_read_the_rest_is_written_and_the_command_fails(write_audio, conversation, tmp_path):
    path = in_halves(write_audio("a.ogg", [(1, None)], subtype="VORBIS"), write_audio("b.ogg", [(2, 1)], subtype="VORBIS"))
    result = run(path, "--rttm", tmp_path / "a.rttm")
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: {path} could only be read in part, 1.0 s of it: ")
    assert (tmp_path / "a.rttm").exists()

    result = run(path, conversation, "--output-dir", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [line, "Error: 1 of 2 files could only be read in part"]
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["a.rttm", "conversation.rttm"]


def test_channels_in_opposite_phase_are_tracked_and_told_of(write_audio, tmp_path):
    samples, _ = soundfile.read(write_audio("mono.wav", [(1, None), (2, 1)]))
    soundfile.write(tmp_path / "a.wav", np.stack([samples, -samples], axis=1), 16_000, subtype="PCM_16")
    result = run(tmp_path / "a.wav", "--json")
    assert [line["totalTimeMs"] for line in json.loads(result.stdout)["speakers"]] == [pytest.approx(2000, abs=60)]
    assert result.stderr.startswith(
        f"Note: {tmp_path / 'a.wav'} has channels in opposite phase, which would cancel each other: channel 2"
    )


# -- many files ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def recordings(conversation, write_audio, tmp_path):
    """A folder with three recordings, one in a folder of its own, and with what is none."""
    folder = tmp_path / "recordings"
    (folder / "monday").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    (folder / "b.wav").write_bytes(conversation.read_bytes())
    write_audio("recordings/a.FLAC", [(1, 0)])
    write_audio("recordings/monday/a.ogg.wav", [(2, None)])
    for other in ("notes.txt", ".c.wav", ".hidden/d.wav"):
        (folder / other).write_text("no audio")
    return folder


def written(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_folder_is_worked_off_and_its_folders_are_kept(recordings, tmp_path):
    result = run(recordings, "--output-dir", tmp_path / "out", "--format", "rttm,csv", "--format", "json")

    assert result.exit_code == 0, result.stderr
    assert written(tmp_path / "out") == [
        *(f"{name}.{ending}" for name in ("a", "b", "monday/a.ogg") for ending in ("csv", "json", "rttm"))
    ]
    assert json.loads((tmp_path / "out" / "b.json").read_text())["segments"] == SEGMENTS
    assert (tmp_path / "out" / "monday" / "a.ogg.rttm").read_text() == ""
    assert f"{recordings / 'b.wav'} (0:04.0, 2 speakers): {tmp_path / 'out' / 'b.rttm'}, " in result.stdout
    assert result.stdout.splitlines()[-1] == "3 of 3 files done"


def test_every_format_can_be_asked_for(conversation, tmp_path):
    pytest.importorskip("matplotlib")
    result = run(conversation, "--output-dir", tmp_path / "new" / "out", "--format", ",".join(FORMATS))
    assert result.exit_code == 0, result.stderr
    assert written(tmp_path / "new" / "out") == sorted(f"conversation{form.suffix}" for form in FORMATS.values())


def test_without_a_format_it_is_rttm(conversation, tmp_path):
    assert run(conversation, "--output-dir", tmp_path / "out").exit_code == 0
    assert written(tmp_path / "out") == ["conversation.rttm"]


def test_one_file_in_one_format_goes_to_standard_output(conversation):
    result = run(conversation, "--format", "vtt")
    assert [cue.voice for cue in webvtt.from_string(result.stdout).captions] == ["Speaker 0", "Speaker 1"]


def test_files_that_cannot_be_used_are_reported_and_the_others_are_processed(recordings, tmp_path):
    (recordings / "aa.wav").write_text("no audio")
    (recordings / "z.mp3").touch()
    result = run(recordings, "--output-dir", tmp_path / "out")

    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"Error: {recordings / 'aa.wav'} cannot be read as audio: Format not recognised; WAV, FLAC, Ogg and MP3 files can be",
        f"Error: {recordings / 'z.mp3'} is empty",
        "Error: 2 of 5 files could not be used",
    ]
    assert written(tmp_path / "out") == ["a.rttm", "b.rttm", "monday/a.ogg.rttm"]


def test_a_session_that_fails_is_reported_for_each_file(recordings, monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__SCRIPTED__BROKEN", "in feed")
    result = run(recordings)
    assert result.exit_code == 1
    *told, summary = result.stderr.splitlines()
    assert len(told) == 3
    assert all("stage 'scripted' failed" in line for line in told)
    assert summary == "Error: 3 of 3 files could not be used"


def test_existing_results_are_skipped_and_missing_ones_are_made(recordings, tmp_path):
    out = tmp_path / "out"
    assert run(recordings, "--output-dir", out, "--format", "rttm,csv").exit_code == 0
    (out / "a.csv").unlink()
    (out / "b.rttm").write_text("kept")
    (out / "monday" / "a.ogg.rttm").write_text("older than its audio")
    os.utime(out / "monday" / "a.ogg.rttm", (1, 1))

    result = run(recordings, "--output-dir", out, "--format", "rttm,csv", "--skip-existing")

    assert result.exit_code == 0, result.stderr
    assert (out / "a.csv").exists()
    assert (out / "b.rttm").read_text() == "kept"
    assert (out / "monday" / "a.ogg.rttm").read_text() == ""
    assert result.stdout.splitlines()[-1] == "2 of 3 files done, 1 were there already"


def test_nothing_is_loaded_where_all_is_there(recordings, tmp_path, monkeypatch):
    assert run(recordings, "--output-dir", tmp_path / "out").exit_code == 0
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__SCRIPTED__BROKEN", "at load")
    assert run(recordings, "--output-dir", tmp_path / "out", "--skip-existing").exit_code == 0
    assert run(recordings, "--output-dir", tmp_path / "out").exit_code == 1


def test_an_interrupted_run_leaves_whole_files_and_can_be_taken_up_again(write_audio, tmp_path):
    (tmp_path / "many").mkdir()
    for number in range(60):
        write_audio(f"many/{number:02}.wav", [(20, number % 2)])
    command = ["diarize", tmp_path / "many", "--output-dir", tmp_path / "out", "--format", "rttm,json"]
    process = subprocess.Popen([sys.executable, "-m", "speaker_tracker", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.send_signal(2)
    _, told = process.communicate(timeout=60)

    assert (process.returncode, told) == (130, b"Interrupted.\n")
    done = written(tmp_path / "out")
    assert 2 <= len(done) < 120
    for name in done:
        text = (tmp_path / "out" / name).read_text()
        assert json.loads(text)["seconds"] == 20 if name.endswith("json") else text.startswith("SPEAKER")

    result = run(*command[1:], "--skip-existing")
    assert result.exit_code == 0
    assert len(written(tmp_path / "out")) == 120
    assert f", {len(done) // 2} were there already" in result.stdout


def test_a_full_disk_is_one_line_and_leaves_no_half_a_file(write_audio, small_disk):
    turns = [(0.1, number % 2) for number in range(600)]
    audio = write_audio("long.wav", turns)
    result = run(audio, "--output-dir", small_disk, "--format", "rttm,json")

    assert result.exit_code == 1
    assert result.stderr == f"Error: {small_disk / 'long.json'} cannot be written: No space left on device\n"
    assert sorted(path.name for path in small_disk.iterdir()) == ["long.rttm"]


def test_a_full_disk_below_standard_output_is_one_line(conversation):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "speaker_tracker", "diarize", conversation], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (1, b"Error: standard output cannot be written: No space left on device\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{audio}", "--skip-existing"], "--skip-existing looks into the folder of --output-dir, which is not named"),
        (["{audio}", "--output-dir", "{folder}/out", "--skip-existing", "--json"], "none can be passed over by --skip-existing"),
        (["{audio}", "--format", "rttm,csv"], "name a folder with --output-dir for more"),
        (["{audio}", "{folder}/recordings", "--format", "csv"], "name a folder with --output-dir for more"),
        (["{audio}", "--format", "png"], "name a folder with --output-dir for more"),
        (["{audio}", "--format", "rttm,srt"], "'srt' is no format; there are rttm, json, csv, audacity, vtt, png"),
        (
            ["{folder}/recordings/b.wav", "{folder}/other/b.flac", "--output-dir", "{folder}/out"],
            "would both be {folder}/out/b.rttm",
        ),
        (["{audio}", "--output-dir", "{folder}", "--rttm", "{folder}/conversation.rttm"], "would both be"),
        ([""], "'AUDIO...': it is empty; name a file or a folder, '.' for this one"),
        (["{audio}", "--output-dir", ""], "'--output-dir': it is empty; name a file or a folder, '.' for this one"),
    ],
)
@pytest.mark.usefixtures("recordings")
def test_what_cannot_go_together_is_wrong_usage(conversation, tmp_path, arguments, said):
    names = {"audio": conversation, "folder": tmp_path}
    result = run(*(argument.format(**names) for argument in arguments))
    assert result.exit_code == 2
    assert said.format(**names) in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["{folder}/empty"], "the folder {folder}/empty holds no audio files (WAV, FLAC, Ogg, MP3 ...), nor do folders in it"),
        (["{audio}", "--output-dir", "{audio}"], "{audio} is a file; name a folder"),
        (["{audio}", "--output-dir", "{audio}/out"], "the folder {audio}/out cannot be made: Not a directory"),
        ([LONG], f"{LONG} cannot be opened: File name too long"),
        (["{audio}", "--rttm", LONG], f"{LONG} cannot be written: File name too long"),
    ],
)
def test_folders_that_cannot_be_used_are_reported_before_any_work(conversation, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__SCRIPTED__BROKEN", "at load")
    (tmp_path / "empty").mkdir()
    names = {"audio": conversation, "folder": tmp_path}
    result = run(*(argument.format(**names) for argument in arguments))
    assert (result.exit_code, result.stderr) == (1, f"Error: {sentence.format(**names)}\n")


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems take names of text only")
def test_a_name_that_is_no_text_is_read_and_written_with_an_escape(conversation, tmp_path):
    named = Path(os.fsdecode(os.fsencode(tmp_path) + b"/n\xe4me.wav"))
    named.write_bytes(conversation.read_bytes())
    command = [sys.executable, "-m", "speaker_tracker", "diarize", named]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}  # as terminals have it
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"n\\udce4me.wav (4.0 s" in done.stdout

    done = subprocess.run(
        [*command, "--output-dir", tmp_path / "out", "--format", "rttm,json,csv"], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    rttm, document, table = (
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/out/n\xe4me." + end)) for end in (b"rttm", b"json", b"csv")
    )
    assert rttm.read_text(encoding="utf-8").startswith("SPEAKER n\\udce4me 1 1.000 1.000 ")
    assert json.loads(document.read_text(encoding="utf-8"))["audio"] == str(named)
    assert "n\\udce4me" in table.read_text(encoding="utf-8")


def test_more_files_than_a_picture_holds_are_refused(write_audio, tmp_path):
    (tmp_path / "many").mkdir()
    for number in range(41):
        write_audio(f"many/{number}.wav", [(0.1, 0)])
    result = run(tmp_path / "many", "--plot", tmp_path / "a.png")
    assert result.exit_code == 2
    assert "draw each with --format png" in result.stderr


def test_a_file_that_is_named_twice_is_taken_once(conversation):
    assert len(run(conversation, conversation.parent, "--json", conversation).stdout.split('"audio"')) == 2


def test_the_chain_is_closed_at_the_end_and_after_failures(conversation, closings):
    assert run(conversation).exit_code == 0
    assert len(closings()) == 1

    assert run(conversation, "--output-dir", "/dev/full/out").exit_code == 1
    assert run(conversation, "--rttm", "/dev/full").exit_code == 1
    assert len(closings()) == 2


# -- on a terminal ---------------------------------------------------------------------------------------------------------------


def test_bars_show_the_progress_of_all_and_of_one_and_go_away(write_audio, tmp_path):
    (tmp_path / "many").mkdir()
    for number in range(30):
        write_audio(f"many/{number:02}.wav", [(40, number % 2)])
    terminal = speaker_tracker("diarize", tmp_path / "many", "--output-dir", tmp_path / "out", columns=200, lines=50)
    terminal.shows(" of 30 files", "%")
    assert terminal.wait() == 0
    screen = terminal.screen
    assert "30 of 30 files done" in screen
    assert "━" not in screen
    assert len([line for line in screen.splitlines() if line.startswith(f"{tmp_path / 'many'}")]) == 30


def test_a_dumb_terminal_has_no_bars(conversation):
    terminal = speaker_tracker("diarize", conversation, TERM="dumb")
    assert terminal.wait() == 0
    assert "0:02.0 -    0:04.0   speaker 1" in terminal.screen
    assert b"\x1b" not in terminal.raw
