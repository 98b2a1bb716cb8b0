"""What a server logs of a session: enough to tell what happened to it, in either format, and nothing that is the client's."""

import json
import logging
import re
from datetime import UTC, datetime, timedelta

import pytest

from speaker_tracker.engine.log_events import LogContext, event_extra, log_event, logged_for
from speaker_tracker.engine.rounds import RoundThread, Task
from speaker_tracker.server.logs import JsonFormatter, TextFormatter
from support.protocol_client import ProtocolClient
from support.raw_websocket import BINARY, TEXT, RawWebSocket, frame

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{SPAN}-01"
SECRETS = {
    "token": "t0kenmarker",
    "name": "Namemarker Person",
    "address": "203.0.113.77",
    "path": "home-filemarker",
    "cookie": "cookiemarker",
}
"""Marks of what is in a session and must not be in the log."""


@pytest.fixture
def logger(caplog):
    caplog.set_level(logging.DEBUG)
    return logging.getLogger("speaker_tracker.test")


def records_of(server):
    """The records of a server that logs JSON; every line is one."""
    return [json.loads(line) for line in server.log]


def events(server, session=None):
    return [record["event"] for record in records_of(server) if session in {None, record.get("session")}]


# -- one line --------------------------------------------------------------------------------------------------------------------


def test_json_has_one_object_a_line_with_time_level_logger_event_message_and_fields(logger, caplog):
    log_event(logger, logging.WARNING, "happened", "it %s\nhere", "happened", seconds=1.5, code=None, reason="")
    line = JsonFormatter().format(caplog.records[-1])

    assert "\n" not in line
    values = json.loads(line)
    assert datetime.now(UTC) - datetime.fromisoformat(values.pop("time")) < timedelta(minutes=1)
    assert isinstance(values.pop("process"), int)
    assert values == {
        "level": "warning",
        "logger": "speaker_tracker.test",
        "event": "happened",
        "message": "it happened\nhere",
        "seconds": 1.5,
        "reason": "",
    }
    assert line.startswith('{"time": "2')
    assert re.search(r'"time": "[\d-]{10}T[\d:]{8}\.\d{3}Z"', line)


def test_records_without_an_event_are_events_too_and_tracebacks_are_in_them(logger, caplog):
    logger.error("it failed", exc_info=RuntimeError("broken"))
    values = json.loads(JsonFormatter().format(caplog.records[-1]))

    assert values["event"] == "log"
    assert "RuntimeError: broken" in values["exception"]


def test_text_tells_at_its_end_what_the_message_does_not(logger, caplog):
    with logged_for(LogContext("5e55", TRACE, SPAN)):
        logger.info("session 5e55: opened")
        first = TextFormatter().format(caplog.records[-1])
        logger.info("stage did something")
        second = TextFormatter().format(caplog.records[-1])
    logger.info("server did something", extra=event_extra("did"))

    assert first.endswith(
        f" INFO [{caplog.records[0].process}] speaker_tracker.test: session 5e55: opened trace_id={TRACE} span_id={SPAN}"
    )
    assert second.endswith(f": stage did something session=5e55 trace_id={TRACE} span_id={SPAN}")
    assert TextFormatter().format(caplog.records[-1]).endswith(": server did something")


async def test_what_is_logged_in_a_thread_of_rounds_is_of_its_session(logger):
    seen = []

    class Handler(logging.Handler):
        def emit(self, record):
            seen.append(json.loads(JsonFormatter().format(record)).get("session"))

    def work():
        logger.info("in the thread")
        return
        yield

    handler = Handler()
    logger.addHandler(handler)
    thread = RoundThread("rounds", 0.0)
    thread.sessions = 2
    done = []
    for session in ("one", "two"):
        with logged_for(LogContext(session)):
            thread.submit(Task(work(), done.extend, at_once=True))
    thread.close()
    thread._thread.join(10)
    logger.removeHandler(handler)
    assert seen == ["one", "two"]


# -- a whole session -------------------------------------------------------------------------------------------------------------


def test_the_life_of_a_session_can_be_told_from_its_records(start_server, scripted_chain):  # noqa: ARG001 - what it serves
    server = start_server(log_format="json")
    with ProtocolClient(server.url, additional_headers={"traceparent": TRACEPARENT}) as client:
        client.start(num_speakers=3, timeline=True)
        client.stream(bytes(32_000))
        client.report()
    server.logged('"event": "ended"')

    opened, started, ended = [record for record in records_of(server) if record.get("trace_id") == TRACE]
    assert (opened["event"], started["event"], ended["event"]) == ("opened", "started", "ended")
    assert len({record["session"] for record in (opened, started, ended)}) == 1
    assert {record["span_id"] for record in (opened, started, ended)} == {SPAN}
    assert opened["sessions"] == 1
    assert (started["num_speakers"], started["options"], started["known_voices"]) == (3, ["timeline"], 0)
    assert (ended["close_code"], ended["audio_seconds"], ended["reason"]) == (1000, 1.0, "closed with 1000")
    assert 0 < ended["seconds"] < 60


def test_errors_and_refusals_have_their_codes(start_server, scripted_chain):  # noqa: ARG001
    server = start_server(log_format="json", max_sessions="1")
    with ProtocolClient(server.url) as first, ProtocolClient(server.url) as second:
        first.start()
        second.say(action="start")
        assert second.heard("error")["code"] == "server_busy"
        first.say(action="dance")
        first.close_code()
    server.logged('"event": "ended"')

    (refused,) = [record for record in records_of(server) if record["event"] == "refused"]
    assert (refused["code"], refused["close_code"]) == ("server_busy", 1013)
    error, ended = [record for record in records_of(server) if record["event"] in {"error", "ended"}]
    assert error["session"] == ended["session"] != refused["session"]
    assert (error["code"], error["close_code"], ended["close_code"]) == ("unknown_action", 1008, 1008)


# -- what is nobody's business ---------------------------------------------------------------------------------------------------


def go_through_a_session_with_secrets(server):
    """Opens sessions in all ways, right and wrong, with marks in all that is the client's."""
    url = server.url
    headers = {
        "X_Forwarded_For": SECRETS["address"],
        "Cookie": f"session={SECRETS['cookie']}",
        "User_Agent": SECRETS["path"],
        "Referer": f"https://there.example/{SECRETS['path']}",
    }
    token = f"?token={SECRETS['token']}&file={SECRETS['path']}"
    voice = {"name": SECRETS["name"], "voiceprint": {"model": SECRETS["path"], "vector": "AC4AsgAyALA=", "seconds": 1}}
    for first in (
        {"action": "start", "hints": True},
        {"action": "start", "known_voices": [voice]},
        {"action": "start", "known_voices": SECRETS["name"]},
        {"action": SECRETS["path"]},
        {"action": "gap", "ms": SECRETS["path"]},
        {"action": "start", "encoding": SECRETS["path"]},
    ):
        with RawWebSocket(url + token, **headers) as raw:
            raw.send(frame(TEXT, json.dumps(first).encode()) + frame(BINARY, bytes(3200)) + frame(TEXT, b'{"action": "stop"}'))
            raw.hear_close()
    with RawWebSocket(url + token, **headers) as raw:
        raw.send(frame(TEXT, SECRETS["name"].encode()))
        assert raw.hear_close() == 1007
    with RawWebSocket(url + token, **headers) as raw:
        raw.send(frame(TEXT, b"\xff" + SECRETS["name"].encode()))
        assert raw.hear_close() == 1007
    with RawWebSocket(url + token, **headers) as raw:
        raw.send(frame(11, SECRETS["name"].encode()))
        assert raw.hear_close() == 1002
    for wrong in (f"?token={SECRETS['token']}x", f"/{SECRETS['path']}?token={SECRETS['token']}", "?token=%ff"):
        with pytest.raises(AssertionError):
            RawWebSocket(url + wrong, Origin=f"https://{SECRETS['path']}.example", **headers)


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_token_address_name_or_path_of_a_client_is_logged(start_server, scripted_chain, log_format):  # noqa: ARG001
    server = start_server(
        log_level="debug",
        log_format=log_format,
        trusted_hops="1",
        tokens=[SECRETS["token"]],
        allowed_origins=["https://here.example"],
    )
    go_through_a_session_with_secrets(server)
    server.logged("too many|403", times=1)
    log = "\n".join(line for line in server.log if "serving on" not in line)

    assert "opened" in log
    assert '"GET /ws/session" 101' in log.replace("\\", "")
    for mark in [*SECRETS.values(), "127.0.0.1"]:
        path_asked_for = f"GET /ws/session/{SECRETS['path']}"  # what is not there is no secret
        assert mark not in log.replace(path_asked_for, ""), mark


def test_addresses_are_logged_where_they_are_asked_for(start_server, scripted_chain):  # noqa: ARG001
    server = start_server(log_level="debug", log_format="json", log_addresses="true", trusted_hops="1")
    with RawWebSocket(server.url, X_Forwarded_For=SECRETS["address"]) as raw:
        raw.send(frame(TEXT, b'{"action": "start"}') + frame(TEXT, b'{"action": "stop"}'))
        assert raw.hear_close() == 1000
    server.logged('"event": "ended"')

    told = {record["event"]: record.get("address") for record in records_of(server)}
    assert told["opened"] == told["started"] == told["ended"] == SECRETS["address"]
    assert any(
        record["message"].startswith("127.0.0.1:") for record in records_of(server) if record["logger"] == "hypercorn.access"
    )
