"""Stages that fail in many ways, in a real server: their session ends or goes on alone, and others notice nothing."""

import re

import pytest

from support.fuzzer import Witness, open_sessions
from support.level_chain import conversation, right_report
from support.level_stage import BAD_ANSWERS, ODD_STATES, fault_sample
from support.protocol_client import ProtocolClient

pytestmark = pytest.mark.slow

SETTINGS = {
    "stage_options": {"levels": {"faulty": True}},
    "stage_timeout_seconds": 2,
    "checkpoint_seconds": 0.5,
    "log_level": "info",
}
BLOCKS = 20


def faulty(fault):
    """A piece of audio that has the stage fail."""
    return fault_sample(fault).to_bytes(2, "little", signed=True) + conversation(BLOCKS, BLOCKS + 1)[2:]


def test_a_stage_that_fails_ends_its_session_and_no_other(start_level_server):
    server = start_level_server(**SETTINGS)
    witness = Witness(server.url)
    witness.start()
    for fault in (*BAD_ANSWERS, "raises at the end"):
        with ProtocolClient(server.url) as client:
            client.start(num_speakers=3)
            client.stream(conversation(0, BLOCKS))
            client.heard("speaker")
            client.connection.send(faulty(fault))
            if fault == "raises at the end":
                client.say(action="stop")
            error = client.heard("error", within=30)
            assert error["code"] == "stage_failed", fault
            assert re.search("others are not affected|did not return within 2 s|the server failed", error["message"]), fault
            assert client.close_code() == 1011, fault
    assert witness.end() == ""
    assert open_sessions(server) == 0
    assert server.process.poll() is None
    assert "never retrieved" not in "\n".join(server.log)


@pytest.mark.parametrize("fault", [*ODD_STATES, "raises when asked what it holds"])
def test_a_session_whose_state_cannot_be_kept_goes_on_without_and_that_is_logged_once(start_level_server, fault):
    server = start_level_server(**SETTINGS)
    with ProtocolClient(server.url) as client:
        client.start(num_speakers=3, timeline=True, resumable=True)
        session = client.heard("started")["session"]
        for block in range(BLOCKS):
            client.connection.send(conversation(block, block + 1))
        client.heard("speaker", more_than=3)
        client.connection.send(faulty(fault))
        client.stream(conversation(BLOCKS + 1, 100))
        client.heard("speaker", more_than=18)
        acknowledged = {message["ackMs"] for message in client.messages if message["event"] == "speaker"}
        if fault in ODD_STATES:
            assert max(acknowledged) <= 100 * BLOCKS
        assert client.report() == right_report(100)
    assert sum("cannot be kept now, and goes on without it" in line for line in server.log) == 1
    with ProtocolClient(server.url) as late:
        late.say(action="resume", session=session)
        assert late.heard("error")["code"] == "session_unknown"


def test_a_session_that_is_lost_while_it_cannot_be_kept_goes_on_from_what_was_kept_before(start_level_server):
    server = start_level_server(**SETTINGS)
    with ProtocolClient(server.url) as client:
        client.start(num_speakers=3, timeline=True, resumable=True)
        session = client.heard("started")["session"]
        client.stream(conversation(0, BLOCKS))
        client.heard("speaker", more_than=3)
        client.connection.send(faulty("raises in snapshot"))
        client.stream(conversation(BLOCKS + 1, 50))
        client.heard("speaker", more_than=8)
    with ProtocolClient(server.url) as again:
        again.say(action="resume", session=session)
        begin = again.heard("resumed")["audioMs"] // 100
        assert begin <= BLOCKS
        again.stream(conversation(begin, 60))
        assert again.report() == right_report(60)


def test_a_state_that_a_stage_does_not_take_back_is_refused_and_nobody_else_is(start_level_server):
    server = start_level_server(**SETTINGS)
    with ProtocolClient(server.url) as client:
        client.start(resumable=True)
        session = client.heard("started")["session"]
        client.connection.send(faulty("raises in restore"))
        client.stream(conversation(0, 50))
        client.heard("speaker", more_than=8)
    for _ in range(2):
        with ProtocolClient(server.url) as again:
            again.say(action="resume", session=session)
            error = again.heard("error")
            assert (error["code"], again.close_code()) == ("session_incompatible", 1008)
            assert "start another one" in error["message"]
    witness = Witness(server.url, resumes=True)
    witness.start()
    while witness.losses < 3:
        assert witness.is_alive()
    assert witness.end() == ""


def test_a_stage_that_fails_to_close_is_logged_and_its_session_has_its_report(start_level_server):
    server = start_level_server(**SETTINGS)
    with ProtocolClient(server.url) as client:
        client.start(num_speakers=3, timeline=True)
        client.stream(conversation(0, BLOCKS))
        client.connection.send(faulty("raises when it is closed"))
        client.stream(conversation(BLOCKS + 1, 50))
        assert client.report() == right_report(50)
    server.logged("stage 'levels' failed to close")
    assert open_sessions(server) == 0
