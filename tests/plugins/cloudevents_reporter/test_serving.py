import time

from speaker_tracker.engine.chain import DEFAULT_STAGES
from support.cloudevents_stage import NAME, OPTION
from support.protocol_client import ProtocolClient
from support.recording_sink import PATIENCE

SECOND = b"\0\0" * 16_000


def test_a_server_posts_the_report_that_the_client_got(start_server, sink, monkeypatch):
    monkeypatch.setenv("K_SINK", sink.url)
    monkeypatch.setenv(f"{OPTION}HEADERS__AUTHORIZATION", "Bearer sesame")
    monkeypatch.setenv(f"{OPTION}TIMEOUT_SECONDS", str(PATIENCE))
    monkeypatch.setenv(f"{OPTION}CLOSING_SECONDS", str(PATIENCE))
    server = start_server(stages=[*DEFAULT_STAGES, NAME], log_level="info")
    sink.open.clear()
    with ProtocolClient(server.url) as client:
        client.start(num_speakers=3, timeline=True)
        client.stream(2 * SECOND)
        told = client.report()

    (event,) = sink.events(1)
    assert event.get_data() == {"sessionId": event.get_subject(), "numSpeakers": 3, "audioMs": 2000, "report": told}
    assert sink.requests[0].headers["Authorization"] == "Bearer sesame"
    server.logged(rf"session {event.get_subject()}: ended \(closed with 1000\)")  # while the sink still holds the request
    _, health = server.health()
    assert health["models"][NAME] == {"sink": sink.host}
    assert health["counters"][NAME] == {"events_delivered": 0, "events_lost": 0, "retries": 0}
    sink.open.set()
    end = time.monotonic() + PATIENCE
    while not (counters := server.health()[1]["counters"][NAME])["events_delivered"] and time.monotonic() < end:
        time.sleep(0.05)
    assert counters == {"events_delivered": 1, "events_lost": 0, "retries": 0}

    with ProtocolClient(server.url) as running:
        running.start()
        running.stream(SECOND)
        running.heard("speaker")
        server.process.terminate()
        told = running.heard("report")
        assert running.close_code() == 1001
    assert server.wait() == 0
    assert len(sink.requests) == 2
    assert sink.events(2)[1].get_data()["report"] == told
    assert "sesame" not in "\n".join(server.log)
