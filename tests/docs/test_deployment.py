"""What docs/deployment.md says of settings, codes, files and images is what there is."""

import json
import logging
import re

import pytest

from speaker_tracker.engine.log_events import LogContext, event_extra, logged_for
from speaker_tracker.protocol import CLOSE_CODE_OF, CloseCode, ErrorCode
from speaker_tracker.server.logs import JsonFormatter, TextFormatter
from speaker_tracker.server.overload import (
    NEWCOMER_SECONDS,
    NEWCOMERS_PER_CORE,
    NEWCOMERS_WHILE_RISING,
    PERCENTILE,
    RELEASE,
    RISING,
    WINDOW_SECONDS,
)
from speaker_tracker.settings import PREFIX, Settings
from support.pages import ROOT, as_written, block, rows, section, text_of

TEXT = text_of("docs/deployment.md")


@pytest.mark.parametrize("name", ["grace_seconds", "idle_timeout_seconds"])
def test_defaults_that_are_named_are_those_of_the_settings(name):
    assert f"`{PREFIX}{name.upper()}` ({as_written(Settings.model_fields[name].default)})" in TEXT


def test_the_default_number_of_sessions_is_that_of_the_settings():
    assert f"The default of {Settings.model_fields['max_sessions'].default} is" in TEXT


def test_the_judgement_of_overload_is_as_it_is_described():
    overload = " ".join(section(TEXT, "Overload").split())
    assert f"`{PREFIX}MAX_LAG_MS` ({as_written(int(Settings.model_fields['max_lag_ms'].default))})" in overload
    assert PERCENTILE == 0.95
    assert WINDOW_SECONDS == 5
    assert f"below {RELEASE:.0%} of the limit" in overload
    assert NEWCOMER_SECONDS == 2
    assert f"it takes {NEWCOMERS_PER_CORE} for each core at most" in overload
    assert (NEWCOMERS_WHILE_RISING, RISING) == (2, 0.5)


def test_codes_of_errors_exist_with_their_close_codes():
    assert {"shutting_down", "server_busy", "session_too_long"} == {code for code in ErrorCode if f"`{code}`" in TEXT}
    assert CLOSE_CODE_OF[ErrorCode.SHUTTING_DOWN] == CLOSE_CODE_OF[ErrorCode.SERVER_BUSY] == 1013
    assert CloseCode.GOING_AWAY == 1001
    assert {int(code) for code in re.findall(r"\bcode (1\d\d\d)\b", TEXT)} == {1001, 1013}


def test_targets_and_users_of_images_are_those_of_the_containerfile():
    containerfile = text_of("Containerfile")
    for target in re.findall(r"--target (\w+)", TEXT):
        assert re.search(rf"^FROM .* AS {target}$", containerfile, re.MULTILINE | re.IGNORECASE)
    (user,) = set(re.findall(r"^USER (\d+:\d+)$", containerfile, re.MULTILINE))
    assert f"USER {user}" in TEXT
    assert f"runs as user {user.partition(':')[0]}" in TEXT


def test_the_table_of_cold_starts_is_as_its_script_prints_it():
    script = (ROOT / "deploy" / "cold_start.py").read_text(encoding="utf-8")
    for heading in ("start to ready", "start to first label", "of these, speaking"):
        assert heading in script
        assert heading in TEXT


def test_lines_of_the_log_are_as_they_are_formatted():
    shown = json.loads(block(TEXT, "json", '"event": "ended"'))
    fields = {name: shown[name] for name in ("reason", "close_code", "audio_seconds", "seconds")}
    record = logging.LogRecord(shown["logger"], logging.INFO, "", 0, shown["message"], (), None)
    vars(record).update(event_extra(shown["event"], **fields), process=shown["process"])
    with logged_for(LogContext(shown["session"], shown["trace_id"], shown["span_id"])):
        made, text = json.loads(JsonFormatter().format(record)), TextFormatter().format(record)

    assert list(made.items())[1:] == list(shown.items())[1:]
    assert re.fullmatch(r"[\d-]{10}T[\d:]{8}\.\d{3}Z", shown["time"])
    (line,) = [line for line in section(TEXT, "Logs").splitlines() if re.match(r"[\d-]{10} [\d:]{8},\d{3} ", line)]
    assert line.split(" ", 2)[2] == text.split(" ", 2)[2]


def test_events_of_the_log_are_those_that_the_server_logs():
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "runtime/speaker_tracker").rglob("*.py"))
    for event, _, fields in rows(section(TEXT, "Logs")):
        assert f"{event.strip('`').join(2 * [chr(34)])}" in source
        for field in re.findall(r"`(\w+)`", fields):
            assert re.search(rf"\b{field}=|{chr(34)}{field}{chr(34)}", source), field
