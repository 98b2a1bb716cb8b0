import json

from speaker_tracker.results.formats import FORMATS


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
