import pytest

from speaker_tracker.events import TimelineSegment
from speaker_tracker.results.rttm import RttmError, Turn, read_rttm, rttm_lines


@pytest.fixture
def write(tmp_path):
    def write_text(text):
        path = tmp_path / "a.rttm"
        path.write_text(text)
        return path

    return write_text


def test_turns_are_read_in_the_order_of_the_file(write):
    path = write(
        ";; a comment\n"
        "SPKR-INFO talk 1 <NA> <NA> <NA> unknown anna <NA> <NA>\n"
        "SPEAKER talk 1 2.500 1.250 <NA> <NA> anna <NA> <NA>\n"
        "\n"
        "SPEAKER talk 1 0 2 <NA> <NA> bert\n"
    )
    assert read_rttm(path) == [Turn("talk", 2.5, 3.75, "anna"), Turn("talk", 0.0, 2.0, "bert")]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("SPEAKER talk 1 2.5", "4 fields where at least 8 are needed: SPEAKER uri 1 start duration <NA> <NA> speaker"),
        ("SPEAKER talk 1 x 1 <NA> <NA> anna", "the start must be a number of seconds, not 'x'"),
        ("SPEAKER talk 1 1 -2 <NA> <NA> anna", "the duration must be a number of seconds, not '-2'"),
        ("SPEAKER talk 1 1 nan <NA> <NA> anna", "the duration must be a number of seconds, not 'nan'"),
        ("speaker talk", "an RTTM line begins with SPEAKER, not with 'speaker'"),
    ],
)
def test_a_wrong_line_is_named(write, line, sentence):
    path = write(f"SPEAKER talk 1 0 2 <NA> <NA> bert\n{line}\n")
    with pytest.raises(RttmError) as raised:
        read_rttm(path)
    assert str(raised.value) == f"{path}, line 2: {sentence}"


def test_missing_and_unreadable_files_are_named(tmp_path):
    with pytest.raises(RttmError, match="there is no file"):
        read_rttm(tmp_path / "none.rttm")
    with pytest.raises(RttmError, match="cannot be read: Is a directory"):
        read_rttm(tmp_path)
    (tmp_path / "a.rttm").write_bytes(b"\xff\xfe\x00S")
    with pytest.raises(RttmError, match="it is not UTF-8 text"):
        read_rttm(tmp_path / "a.rttm")


def test_what_is_written_can_be_read(write):
    segments = [TimelineSegment(0, 1500, 0), TimelineSegment(1500, 1600, None), TimelineSegment(1234, 2345, 1)]
    text = rttm_lines("talk", segments)
    assert text == (
        "SPEAKER talk 1 0.000 1.500 <NA> <NA> speaker_0 <NA> <NA>\nSPEAKER talk 1 1.234 1.111 <NA> <NA> speaker_1 <NA> <NA>\n"
    )
    assert read_rttm(write(text))[1].speaker == "speaker_1"


def test_white_space_in_a_name_does_not_shift_the_fields(write):
    assert read_rttm(write(rttm_lines("my talk", [TimelineSegment(0, 1000, 0)])))[0] == Turn("my_talk", 0.0, 1.0, "speaker_0")


def test_the_ninth_field_is_the_confidence():
    lines = rttm_lines("talk", [TimelineSegment(0, 500, 0, 0.91234), TimelineSegment(500, 900, 1)]).splitlines()
    assert [line.split()[8] for line in lines] == ["0.912", "<NA>"]


def test_names_stay_apart_from_each_other_and_from_speakers_without_any():
    segments = [TimelineSegment(0, 500, who) for who in range(4)]
    names = {0: "Anna Berg", 1: "Anna_Berg", 2: "speaker 3"}
    speakers = [line.split()[7] for line in rttm_lines("talk", segments, names=names).splitlines()]
    assert speakers == ["Anna_Berg", "Anna_Berg_1", "speaker_3_2", "speaker_3"]
