import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from speaker_tracker.events import AudioClock, ClientMessage
from speaker_tracker.protocol import ReportMessage, SegmentMessage, SpeakerTotal, Voiceprint
from support.cloudevents_stage import REPORT, SESSION, report, until
from support.recording_sink import PATIENCE
from support.stage_harness import open_stage, run


@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_the_report_of_a_session_is_posted_as_an_event(loaded, sink, mode):
    stage = loaded(sink=f"{sink.url}?key=1", mode=mode)
    segments = [SegmentMessage(startMs=0, endMs=1200, speakerId=0)]
    report(stage, ReportMessage(speakers=REPORT.speakers, segments=segments))

    (event,) = sink.events(1)
    (request,) = sink.requests
    assert request.path == "/reports?key=1"
    assert request.headers["User-Agent"].startswith("speaker-tracker/")
    assert event.get_specversion() == "1.0"
    assert event.get_source() == "/speaker-tracker"
    assert event.get_type() == "speaker-tracker.session.report.v1"
    assert event.get_subject() == "test"
    assert event.get_datacontenttype() == "application/json"
    assert uuid.UUID(event.get_id())
    assert abs(datetime.now(UTC) - event.get_time()) < timedelta(seconds=PATIENCE)
    assert event.get_data() == {
        "sessionId": "test",
        "numSpeakers": 2,
        "audioMs": 2000,
        "report": {
            "event": "report",
            "speakers": [{"id": 0, "totalTimeMs": 1200}],
            "segments": [{"startMs": 0, "endMs": 1200, "speakerId": 0}],
        },
    }
    until(stage, events_delivered=1, events_lost=0, retries=0)


def test_names_are_posted_and_voiceprints_are_not(loaded, sink):
    voiceprint = Voiceprint.of("small", 1, [0.5, 0.25], 12.0)
    message = ReportMessage(speakers=[SpeakerTotal(id=0, totalTimeMs=1200, name="Anna", voiceprint=voiceprint)])
    report(loaded(sink=sink.url), message)

    (event,) = sink.events(1)
    assert event.get_data()["report"]["speakers"] == [{"id": 0, "totalTimeMs": 1200, "name": "Anna"}]
    assert message.speakers[0].voiceprint == voiceprint


def test_the_mode_decides_where_the_attributes_are(loaded, sink):
    for mode in ("binary", "structured"):
        report(loaded(sink=sink.url, mode=mode))
    sink.events(2)

    requests = {request.headers["content-type"]: request for request in sink.requests}
    assert requests.keys() == {"application/json", "application/cloudevents+json"}
    assert requests["application/json"].headers["ce-subject"] == "test"
    assert json.loads(requests["application/cloudevents+json"].body)["subject"] == "test"


def test_source_and_type_can_be_chosen(loaded, sink):
    report(loaded(sink=sink.url, source="https://example.com/rooms/4", type="com.example.report"))

    (event,) = sink.events(1)
    assert (event.get_source(), event.get_type()) == ("https://example.com/rooms/4", "com.example.report")


def test_every_session_has_an_event_of_its_own(loaded, sink):
    stage = loaded(sink=sink.url)
    for _ in range(20):
        report(stage)

    assert len({event.get_id() for event in sink.events(20)}) == 20
    until(stage, events_delivered=20)


def test_a_session_without_a_report_posts_nothing(loaded, sink):
    """As where the client vanished: the session is closed without being flushed."""
    stage = loaded(sink=sink.url)
    vanished = open_stage(stage)
    run(vanished, SESSION, flush=False)
    vanished.close()
    report(stage)
    stage.close()

    assert len(sink.requests) == 1


def test_a_restored_session_tells_of_all_its_audio(loaded, sink):
    stage = loaded(sink=sink.url)
    first, second = open_stage(stage), open_stage(stage)
    run(first, [AudioClock(160_000)], flush=False)
    second.restore(first.snapshot())
    run(second, [ClientMessage(REPORT)])

    assert sink.events(1)[0].get_data()["audioMs"] == 10_000
