import json
import logging
import ssl
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from protocol_client import ProtocolClient
from recording_sink import PATIENCE, RecordingSink, closed_address
from speaker_tracker.chain import DEFAULT_STAGES, ChainError, configure
from speaker_tracker.cli.main import main
from speaker_tracker.events import AudioClock, ClientMessage
from speaker_tracker.plugins import PluginManager
from speaker_tracker.protocol import ReportMessage, SegmentMessage, SpeakerMessage, SpeakerTotal
from speaker_tracker.stage import StageLoadError
from stage_harness import load, open_stage, run

NAME = "cloudevents_reporter"
OPTION = f"SPEAKER_TRACKER_STAGE_OPTIONS__{NAME.upper()}__"
REPORT = ReportMessage(speakers=[SpeakerTotal(id=0, totalTimeMs=1200)])
SESSION = [AudioClock(16_000), ClientMessage(SpeakerMessage(currentSpeakerId=0, speakingTimeMs={0: 900})), AudioClock(32_000)]
SECOND = b"\0\0" * 16_000


@pytest.fixture(autouse=True)
def no_binding(monkeypatch):
    for name in ("K_SINK", "K_CE_OVERRIDES", "K_CA_CERTS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def sink():
    with RecordingSink() as sink:
        yield sink


@pytest.fixture
def loaded():
    """Loads the stage with options; retries come quickly."""
    stages = []

    def load_it(**options):
        stages.append(load(NAME, **{"backoff_seconds": 0.001, **options}))
        return stages[-1]

    yield load_it
    for stage in stages:
        stage.close()


def report(stage, message=REPORT):
    """A session of two seconds."""
    run(open_stage(stage), [*SESSION, ClientMessage(message)])


def until(stage, **expected):
    """Waits until these counters have these values."""
    end = time.monotonic() + PATIENCE
    while not expected.items() <= stage.counters().items() and time.monotonic() < end:
        time.sleep(0.005)
    assert expected.items() <= stage.counters().items(), stage.counters()


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


# -- the sink is slow, away, or says no --------------------------------------------------------------------------------------------


def test_the_session_ends_while_the_sink_still_holds_the_request(loaded, sink):
    stage = loaded(sink=sink.url)
    sink.open.clear()
    report(stage)
    sink.events(1)

    assert stage.counters() == {"events_delivered": 0, "events_lost": 0, "retries": 0}
    sink.open.set()
    until(stage, events_delivered=1)


@pytest.mark.parametrize("status", [408, 429, 500, 503, 599])
def test_what_may_pass_is_tried_again_with_the_same_event(loaded, sink, status):
    sink.answers.append((status, {}))
    stage = loaded(sink=sink.url)
    report(stage)

    first, second = sink.events(2)
    assert first.get_attributes() == second.get_attributes()
    assert first.get_data() == second.get_data()
    until(stage, events_delivered=1, events_lost=0, retries=1)


def test_a_connection_that_breaks_is_tried_again(loaded, sink):
    sink.answers.append((0, {}))
    stage = loaded(sink=sink.url)
    report(stage)

    until(stage, events_delivered=1, events_lost=0, retries=1)


def test_an_answer_that_does_not_end_is_not_waited_for(loaded, sink):
    sink.answers.append((202, {"Content-Length": None}))
    stage = loaded(sink=sink.url, timeout_seconds=300)
    report(stage)

    until(stage, events_delivered=1, events_lost=0)


def test_the_pause_that_the_sink_asks_for_is_made(loaded, sink):
    sink.answers.append((429, {"Retry-After": "1"}))
    stage = loaded(sink=sink.url)
    begin = time.monotonic()
    report(stage)
    sink.events(2)

    assert time.monotonic() - begin >= 1
    until(stage, events_delivered=1, retries=1)


@pytest.mark.parametrize("asked", ["3600", "9" * 400, "Fri, 31 Dec 2100 23:59:59 GMT", "soon", "-1"])
def test_a_pause_too_long_to_wait_or_not_to_be_understood_is_not_made(loaded, sink, asked):
    sink.answers.append((503, {"Retry-After": asked}))
    stage = loaded(sink=sink.url, max_pause_seconds=0.01)
    report(stage)

    until(stage, events_delivered=1, retries=1)


def test_a_sink_that_is_away_costs_the_event_and_one_line(loaded, caplog):
    address = closed_address()
    stage = loaded(sink=f"{address.replace('//', '//anna:sesame@')}?key=sesame#sesame", retries=2)
    report(stage)
    until(stage, events_delivered=0, events_lost=1, retries=2)
    stage.close()

    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert caplog.messages[0].startswith(
        f"session test: its report was not delivered to {address}, and is lost: it cannot be reached ("
    )
    assert caplog.messages[0].endswith("refused); attempts: 3")


def test_a_sink_that_comes_back_gets_the_event(loaded):
    address = closed_address()
    stage = loaded(sink=address, retries=100, backoff_seconds=0.01, max_pause_seconds=0.05)
    report(stage)
    end = time.monotonic() + PATIENCE
    while not stage.counters()["retries"] and time.monotonic() < end:
        time.sleep(0.005)
    with RecordingSink(port=int(address.rsplit(":", 1)[1].partition("/")[0])) as sink:
        assert sink.events(1)[0].get_subject() == "test"
        until(stage, events_delivered=1, events_lost=0)


def test_a_sink_that_does_not_answer_costs_the_event(loaded, sink, caplog):
    sink.open.clear()
    stage = loaded(sink=sink.url, timeout_seconds=0.1, retries=0)
    report(stage)

    until(stage, events_lost=1)
    assert f"to {sink.url}, and is lost: it did not answer within 0.1 s; attempts: 1" in caplog.messages[0]


@pytest.mark.parametrize("status", [400, 401, 404, 410, 413, 415])
def test_what_is_refused_for_good_is_not_tried_again(loaded, sink, caplog, status):
    sink.answers.append((status, {}))
    stage = loaded(sink=sink.url)
    report(stage)
    until(stage, events_lost=1, retries=0)
    report(stage)

    assert len(sink.events(2)) == 2
    assert caplog.messages[0].endswith(f"and is lost: it answered with status {status}")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(loaded, sink, caplog, status):
    with RecordingSink() as elsewhere:
        sink.answers.append((status, {"Location": elsewhere.url}))
        stage = loaded(sink=sink.url, headers={"Authorization": "Bearer sesame"})
        report(stage)
        until(stage, events_lost=1, retries=0)

        assert elsewhere.requests == []
        assert caplog.messages[0].endswith(f"it answered with status {status}, and redirects are not followed")


def test_too_many_that_wait_are_lost(loaded, sink, caplog):
    sink.open.clear()
    stage = loaded(sink=sink.url, max_waiting_mib=0.01)
    for _ in range(100):
        report(stage)

    lost = stage.counters()["events_lost"]
    assert lost >= 80
    assert len(caplog.messages) == lost
    sink.open.set()
    until(stage, events_delivered=100 - lost)


def test_closing_waits_until_all_is_delivered(loaded, sink):
    sink.answers += [(503, {})] * 10
    stage = loaded(sink=sink.url, closing_seconds=PATIENCE)
    for _ in range(50):
        report(stage)
    stage.close()

    assert stage.counters() == {"events_delivered": 50, "events_lost": 0, "retries": 10}
    assert len({event.get_id() for event in sink.events(60)}) == 50


def test_closing_gives_up_on_a_sink_that_holds_the_request(loaded, sink, caplog):
    sink.open.clear()
    stage = loaded(sink=sink.url, closing_seconds=0.05)
    report(stage)
    sink.events(1)
    stage.close()

    assert stage.counters()["events_lost"] == 1
    assert caplog.messages == [
        f"reports of these sessions were not delivered to {sink.url} within 0.05 s of closing, and are lost: test"
    ]


def test_closing_does_not_wait_for_a_pause_that_it_would_not_outlast(loaded, sink, caplog):
    """Closing could take ten minutes; no test may."""
    sink.answers.append((503, {"Retry-After": "3600"}))
    stage = loaded(sink=sink.url, closing_seconds=600, max_pause_seconds=3600)
    report(stage)
    sink.events(1)
    stage.close()

    assert stage.counters()["events_lost"] == 1
    assert caplog.messages[0].endswith("it answered with status 503; the process ends before it could be tried again")


# -- where to, and with what -------------------------------------------------------------------------------------------------------


def test_the_sink_of_a_sink_binding_is_taken(loaded, sink, monkeypatch):
    monkeypatch.setenv("K_SINK", sink.url)
    monkeypatch.setenv("K_CE_OVERRIDES", "")  # as SinkBinding sets it where there are none
    stage = loaded()
    report(stage)

    assert sink.events(1)[0].get_subject() == "test"
    assert stage.info == {"sink": sink.host}


def test_the_option_goes_before_the_sink_binding(loaded, sink, monkeypatch):
    monkeypatch.setenv("K_SINK", closed_address())
    report(loaded(sink=sink.url))

    sink.events(1)


def test_overrides_of_a_sink_binding_become_extensions(loaded, sink, monkeypatch):
    monkeypatch.setenv("K_CE_OVERRIDES", '{"extensions": {"Room": "blue, 4th floor", "tenant": "7"}}')
    report(loaded(sink=sink.url))
    report(loaded(sink=sink.url, mode="structured"))

    for event in sink.events(2):
        assert (event.get_extension("room"), event.get_extension("tenant")) == ("blue, 4th floor", "7")


def test_certificates_of_a_sink_binding_are_trusted(loaded, tls_files, monkeypatch, caplog):
    cert, key, _ = tls_files
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with RecordingSink(context=context) as sink:
        stranger = loaded(sink=sink.url, retries=0)
        report(stranger)
        until(stranger, events_lost=1)
        assert "certificate verify failed" in caplog.messages[0]

        monkeypatch.setenv("K_CA_CERTS", Path(cert).read_text(encoding="utf-8"))
        report(loaded(sink=sink.url))
        assert sink.events(1)[0].get_subject() == "test"


@pytest.mark.parametrize(
    ("variable", "value", "wrong"),
    [
        ("K_SINK", "broker.example.com", "it must begin with http:// or https://"),
        ("K_CE_OVERRIDES", "{", "it is not JSON"),
        ("K_CE_OVERRIDES", "[]", 'it must be a table such as {"extensions": {"name": "text"}}'),
        ("K_CE_OVERRIDES", '{"extensions": {"a": 1}}', 'it must be a table such as {"extensions": {"name": "text"}}'),
        ("K_CE_OVERRIDES", '{"extensions": {"my-name": "x"}}', "'my-name' is no name of an extension: "),
        ("K_CE_OVERRIDES", '{"extensions": {"ID": "x"}}', "'id' is no name of an extension: "),
        ("K_CA_CERTS", "-----BEGIN CERTIFICATE-----", "it holds no certificates as PEM"),
        ("K_CA_CERTS", "é", "it holds no certificates as PEM"),
    ],
)
def test_what_cannot_be_used_of_a_sink_binding_is_named(monkeypatch, variable, value, wrong):
    monkeypatch.setenv("K_SINK", "http://broker.example.com/")
    monkeypatch.setenv(variable, value)
    with pytest.raises(StageLoadError) as raised:
        load(NAME)
    assert str(raised.value).startswith(f"environment variable {variable} cannot be used: {wrong}")


def test_without_a_sink_it_is_said_where_to_name_one():
    with pytest.raises(StageLoadError) as raised:
        load(NAME)
    assert str(raised.value) == (
        "it has nowhere to post to; set its option 'sink' or the environment variable K_SINK to a URL such as "
        "https://events.example.com/reports"
    )


@pytest.mark.parametrize(("module", "package"), [("cloudevents.core.v1.event", "cloudevents"), ("urllib3", "urllib3")])
def test_without_its_packages_the_extra_is_named(monkeypatch, module, package):
    monkeypatch.delitem(sys.modules, "speaker_tracker_plugins.event_sink", raising=False)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(StageLoadError) as raised:
        load(NAME, sink="http://localhost/")
    assert (
        str(raised.value)
        == f"posting events needs {package}, which is not installed; run: pip install 'speaker-tracker[cloudevents]'"
    )


def sentence(**options):
    with pytest.raises(ChainError) as raised:
        configure(PluginManager(), [*DEFAULT_STAGES, NAME], {NAME: options})
    return str(raised.value)


@pytest.mark.parametrize(
    ("sink", "wrong"),
    [
        ("events.sesame.com/x", "it must begin with http:// or https://"),
        ("ftp://anna:sesame@example.com", "it must begin with http:// or https://"),
        ("http://", "it must name a host after http:// or https://, and no port 0"),
        ("http://:80/sesame", "it must name a host after http:// or https://, and no port 0"),
        ("http://sesame:0/", "it must name a host after http:// or https://, and no port 0"),
        ("http://sesame:99999/", "its host or port is malformed"),
        ("http://[sesame/", "its host or port is malformed"),
        ("http://example.com/ses ame", "it must not hold spaces or line breaks"),
        ("http://example.com/sesame\n", "it must not hold spaces or line breaks"),
    ],
)
def test_a_sink_that_is_no_address_is_refused_without_being_shown(sink, wrong):
    said = sentence(sink=sink)
    assert f"option 'sink' of stage '{NAME}'" in said
    assert said.endswith(f"{wrong}; right is, for example, https://events.example.com/reports")
    assert "sesame" not in said


@pytest.mark.parametrize(
    ("headers", "wrong"),
    [
        ({"Authorization": "Bearer sesame\nX: y"}, "'Authorization' must be a line of printable ASCII"),
        ({"Authorization": ""}, "'Authorization' must be a line of printable ASCII"),
        ({"Authorization": "Bearer sesamé"}, "'Authorization' must be a line of printable ASCII"),
        ({"My header": "sesame"}, "'My header' is no name of a header"),
        ({"Content-Type": "sesame"}, "header 'Content-Type' belongs to the event and cannot be set"),
        ({"CE-Type": "sesame"}, "header 'CE-Type' belongs to the event and cannot be set"),
        ({"Authorization": ["sesame"]}, "Input should be a valid string"),
        ("sesame", "Input should be a valid dictionary"),
    ],
)
def test_headers_that_cannot_be_sent_are_refused_without_being_shown(headers, wrong):
    said = sentence(headers=headers)
    assert f"option 'headers' of stage '{NAME}'" in said
    assert wrong in said
    assert "sesam" not in said


@pytest.mark.parametrize("option", ["source", "type"])
@pytest.mark.parametrize("value", ["", "two words", "süd"])
def test_attributes_that_are_none_are_refused(option, value):
    assert sentence(**{option: value}).endswith("it must be printable ASCII without spaces, and not empty")


def test_headers_are_sent_along(loaded, sink):
    report(loaded(sink=sink.url, headers={"authorization": "Bearer sesame", "X-Tenant": "7"}))
    sink.events(1)

    assert sink.requests[0].headers.items() >= {"Authorization": "Bearer sesame", "X-Tenant": "7"}.items()


def test_user_and_password_of_the_sink_become_a_header(loaded, sink):
    report(loaded(sink=sink.url.replace("//", "//anna:open%20sesame@")))
    sink.events(1)

    assert sink.requests[0].headers["Authorization"] == "Basic YW5uYTpvcGVuIHNlc2FtZQ=="
    assert sink.requests[0].headers["Host"] == sink.host.removeprefix("http://")


SECRETS = {
    "HEADERS": '{"Authorization": "Bearer sesame"}',
    "SINK": "https://anna:sesame@events.example.com:8443/in?key=sesame#sesame",
}


@pytest.mark.parametrize("arguments", [["stages"], ["stages", "--json"]])
@pytest.mark.parametrize("chain", [[*DEFAULT_STAGES, NAME], DEFAULT_STAGES], ids=["in the chain", "on offer"])
def test_secrets_are_not_shown(monkeypatch, arguments, chain):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGES", ",".join(chain))
    for option, value in SECRETS.items():
        monkeypatch.setenv(f"{OPTION}{option}", value)
    result = CliRunner().invoke(main, arguments)

    assert result.exit_code == 0, result.stderr
    told = "".join(result.stdout.split())  # lines are folded anywhere
    assert "https://events.exam" in told
    assert "Authorization" in told
    assert "sesame" not in told


def test_secrets_are_not_in_what_is_told_of_the_stage(loaded):
    stage = loaded(sink=SECRETS["SINK"], headers=json.loads(SECRETS["HEADERS"]))
    options = PluginManager().stages[NAME].spec.options(sink=SECRETS["SINK"], headers=json.loads(SECRETS["HEADERS"]))

    assert stage.info == {"sink": "https://events.example.com:8443"}
    assert "sesame" not in repr(options) + options.model_dump_json() + repr(options.model_dump())


# -- in a server -------------------------------------------------------------------------------------------------------------------


def test_a_server_posts_the_report_that_the_client_got(start_server, sink, monkeypatch):
    monkeypatch.setenv("K_SINK", sink.url)
    monkeypatch.setenv(f"{OPTION}HEADERS__AUTHORIZATION", "Bearer sesame")
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
