import ssl
import sys
from pathlib import Path

import pytest

from speaker_tracker.engine.chain import DEFAULT_STAGES, ChainError, configure
from speaker_tracker.engine.plugins import PluginManager
from speaker_tracker.stage import StageLoadError
from support.cloudevents_stage import NAME, report, until
from support.recording_sink import RecordingSink, closed_address
from support.stage_harness import load


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
    monkeypatch.delitem(sys.modules, "speaker_tracker_plugins.cloudevents_reporter.sink", raising=False)
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
