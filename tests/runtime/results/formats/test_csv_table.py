import csv
from io import StringIO

from speaker_tracker.results.formats import FORMATS


def test_rows_are_read_back(tracked):
    name = 'talks/a "good", talk.flac'
    assert list(csv.DictReader(StringIO(FORMATS["csv"].render(tracked)))) == [
        {"audio": name, "start": "1.000", "end": "2.000", "duration": "1.000", "speaker": "0"},
        {"audio": name, "start": "2.000", "end": "4.050", "duration": "2.050", "speaker": "1"},
        {"audio": name, "start": "3723.400", "end": "3725.001", "duration": "1.601", "speaker": "0"},
    ]


def test_silence_is_a_heading(silent):
    assert FORMATS["csv"].render(silent) == "audio,start,end,duration,speaker\n"


def test_channels_are_a_column_where_they_were_tracked_one_by_one(call):
    rows = list(csv.DictReader(StringIO(FORMATS["csv"].render(call))))
    assert [(row["speaker"], row["channel"]) for row in rows] == [("0", "1"), ("1", "2"), ("0", "1")]


def test_names_are_a_column_where_voices_were_to_be_recognized(named, tracked):
    rows = list(csv.DictReader(StringIO(FORMATS["csv"].render(named))))
    assert [(row["speaker"], row["name"]) for row in rows] == [("0", ""), ("1", "Anna <Maria> McBerg & Co"), ("0", "")]
    assert "name" not in FORMATS["csv"].render(tracked)
