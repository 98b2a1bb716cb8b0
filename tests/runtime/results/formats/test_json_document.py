import json
from dataclasses import replace

from speaker_tracker.results.formats import FORMATS, as_document
from support.voices import voiceprint


def test_the_document_has_durations_speakers_and_segments(tracked):
    assert json.loads(FORMATS["json"].render(tracked)) == {
        "audio": 'talks/a "good", talk.flac',
        "seconds": 3800.123,
        "speakers": [{"id": 0, "totalTimeMs": 2601}, {"id": 1, "totalTimeMs": 2050}],
        "segments": [
            {"startMs": 1000, "endMs": 2000, "speakerId": 0},
            {"startMs": 2000, "endMs": 4050, "speakerId": 1},
            {"startMs": 3723400, "endMs": 3725001, "speakerId": 0},
        ],
    }


def test_channels_are_said_where_they_were_tracked_one_by_one(call):
    document = json.loads(FORMATS["json"].render(call))
    assert document["speakers"] == [{"id": 0, "totalTimeMs": 2601, "channel": 1}, {"id": 1, "totalTimeMs": 2050, "channel": 2}]
    assert [segment["channel"] for segment in document["segments"]] == [1, 2, 1]


def test_names_are_there_and_voiceprints_are_not(named):
    speakers = [each.model_copy(update={"voiceprint": voiceprint()}) for each in named.report.speakers]
    document = as_document(replace(named, report=named.report.model_copy(update={"speakers": speakers})))
    assert document["speakers"] == [
        {"id": 0, "totalTimeMs": 2601},
        {"id": 1, "totalTimeMs": 2050, "name": "Anna <Maria> McBerg & Co"},
    ]
    assert [segment.get("name") for segment in document["segments"]] == [None, "Anna <Maria> McBerg & Co", None]
