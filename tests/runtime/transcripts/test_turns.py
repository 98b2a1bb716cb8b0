"""Who speaks when, of files."""

import json

import pytest

from speaker_tracker.events import TimelineSegment
from speaker_tracker.transcripts.transcript import TranscriptError
from speaker_tracker.transcripts.turns import SpeakerTurn, renamed, report_turns, rttm_turns, turns_of

LINE = "SPEAKER {} 1 {} 1.000 <NA> <NA> {} <NA> <NA>\n"
SEGMENTS = [{"startMs": 0, "endMs": 1500, "speakerId": 0}, {"startMs": 1500, "endMs": 2000, "speakerId": None},
            {"startMs": 2000, "endMs": 3000, "speakerId": 1, "name": "Ben"}]  # fmt: skip
TURNS = [SpeakerTurn(0, 1.5, "0", "Speaker 0"), SpeakerTurn(2, 3, "1", "Ben")]
REPORT = {"event": "report", "speakers": [{"id": 0, "totalTimeMs": 1500}, {"id": 1, "totalTimeMs": 1000}], "segments": SEGMENTS}


@pytest.fixture
def write(tmp_path):
    def write_text(text):
        path = tmp_path / "file"
        path.write_text(text if isinstance(text, str) else json.dumps(text))
        return path

    return write_text


def test_speakers_of_rttm_keep_their_names_and_ours_have_numbers(write):
    path = write(LINE.format("talk", 0, "speaker_0") + LINE.format("talk", 2, "MEO074"))
    assert rttm_turns(path, "anything") == [SpeakerTurn(0, 1, "0", "Speaker 0"), SpeakerTurn(2, 3, "MEO074", "MEO074")]


def test_of_several_recordings_it_is_the_one_that_is_called_like_the_transcript(write):
    path = write(LINE.format("talk", 0, "a") + LINE.format("other_talk", 2, "b"))
    assert [turn.speaker for turn in rttm_turns(path, "talk")] == ["a"]
    assert [turn.speaker for turn in rttm_turns(path, "talk.wav")] == ["a"]
    assert [turn.speaker for turn in rttm_turns(path, "other talk")] == ["b"]
    with pytest.raises(
        TranscriptError, match="of several recordings, talk, other_talk, and none is called like the transcript, 'x'"
    ):
        rttm_turns(path, "x")


def test_an_empty_rttm_file_has_no_turns(write):
    assert rttm_turns(write(""), "talk") == []


@pytest.mark.parametrize(
    "document",
    [
        REPORT,
        {"audio": "a.wav", "seconds": 3, "speakers": REPORT["speakers"], "segments": SEGMENTS},
        [{"audio": "in/talk.wav", "segments": SEGMENTS}, {"audio": "b.wav", "segments": []}],
        '{"event": "started", "num_speakers": 2}\n' + json.dumps(REPORT) + "\n",
    ],
    ids=["message", "document", "documents", "lines"],
)
def test_reports_are_read_in_every_form(write, document):
    assert report_turns(write(document), "talk") == TURNS


def test_names_of_the_speakers_of_a_report_are_taken(write):
    report = {**REPORT, "speakers": [{"id": 0, "totalTimeMs": 1500, "name": "Anna"}]}
    assert [turn.name for turn in report_turns(write(report), "talk")] == ["Anna", "Ben"]


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("", "is no report: it is not JSON; make one by `speaker-tracker diarize AUDIO --json`"),
        ('{"event": "started"}\n{"event": "speaker"}\n', "is no report: it is not JSON"),
        ("3", "is no report; make"),
        (
            {"event": "report", "speakers": []},
            'a report without segments; a server sends them to clients that start with "timeline"',
        ),
        ({"text": "Hello"}, "it has no list of segments"),
        ({"segments": [{"start": 0, "end": 1}]}, r"segments\[0\]: a segment has startMs, endMs and speakerId"),
        ([{"audio": "a.wav", "segments": []}, {"audio": "b.wav", "segments": []}], "of several recordings, a, b"),
    ],
)
def test_what_is_no_report_is_told(write, document, sentence):
    with pytest.raises(TranscriptError, match=sentence):
        report_turns(write(document), "talk")


def test_a_report_that_is_not_there_is_told(tmp_path):
    with pytest.raises(TranscriptError, match="there is no file"):
        report_turns(tmp_path / "none.json", "talk")
    with pytest.raises(TranscriptError, match="cannot be read"):
        report_turns(tmp_path, "talk")


def test_a_timeline_has_turns_with_the_names_of_those_who_are_known():
    timeline = [TimelineSegment(0, 1500, 0), TimelineSegment(1500, 2000, None), TimelineSegment(2000, 3000, 1)]
    assert turns_of(timeline, {1: "Ben"}) == TURNS


def test_speakers_are_named_by_number_or_name():
    assert [turn.name for turn in renamed(TURNS, {"0": "Anna", "Ben": "Benedict"})] == ["Anna", "Benedict"]
    assert [turn.name for turn in renamed(TURNS, {})] == ["Speaker 0", "Ben"]
    with pytest.raises(TranscriptError, match="there is no speaker '7'; there are 0, 1"):
        renamed(TURNS, {"7": "Anna"})
