import pytest

from speaker_tracker.results.formats import FORMATS

load_rttm = pytest.importorskip("pyannote.database.util").load_rttm


def test_pyannote_reads_it_back(tracked, tmp_path):
    (tmp_path / "a.rttm").write_text(FORMATS["rttm"].render(tracked))
    (annotation,) = load_rttm(tmp_path / "a.rttm").values()

    turns = [(round(turn.start, 3), round(turn.end, 3), label) for turn, _, label in annotation.itertracks(yield_label=True)]
    assert turns == [(1.0, 2.0, "speaker_0"), (2.0, 4.05, "speaker_1"), (3723.4, 3725.001, "speaker_0")]
    assert annotation.uri == 'a_"good",_talk'


def test_silence_is_an_empty_file(silent):
    assert FORMATS["rttm"].render(silent) == ""


def test_channels_have_their_field(call):
    lines = [line.split() for line in FORMATS["rttm"].render(call).splitlines()]
    assert [(line[2], line[7]) for line in lines] == [("1", "speaker_0"), ("2", "speaker_1"), ("1", "speaker_0")]


def test_names_are_fields(named):
    speakers = [line.split()[7] for line in FORMATS["rttm"].render(named).splitlines()]
    assert speakers == ["speaker_0", "Anna_<Maria>_McBerg_&_Co", "speaker_0"]
