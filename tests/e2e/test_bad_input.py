"""What clients do wrong: each gets a clear error and a fitting close, and nobody else notices."""

import gzip
import json

import numpy as np
import pytest

from support.protocol_client import ProtocolClient

pytestmark = pytest.mark.e2e

START = '{"action": "start"}'
STOP = '{"action": "stop"}'
SECOND = bytes(32_000)


@pytest.fixture(scope="module")
def bystander(server):
    """A session that goes on through all the others' mistakes."""
    with ProtocolClient(server.url) as client:
        client.start()
        yield client
        assert client.report()["speakers"] == []


WRONG = [
    ([json.dumps({"action": "start", "num_speakers": 0})], "invalid_num_speakers", 1008, "1 to 5"),
    ([json.dumps({"action": "start", "num_speakers": 6})], "invalid_num_speakers", 1008, "1 to 5"),
    ([json.dumps({"action": "start", "num_speakers": "two"})], "invalid_num_speakers", 1008, '"two"'),
    ([json.dumps({"action": "start", "num_speakers": 2.5})], "invalid_num_speakers", 1008, "2.5"),
    ([json.dumps({"action": "start", "num_speakers": True})], "invalid_num_speakers", 1008, "true"),
    (['"action": "start", "num_speakers": 2'], "invalid_json", 1007, "JSON"),
    (['{"action": "dance"}'], "unknown_action", 1008, "dance"),
    ([SECOND], "not_started", 1008, "start"),
    ([STOP], "not_started", 1008, "start"),
    ([START, START], "already_started", 1008, "already"),
    ([START, bytes(3)], "odd_length", 1007, "16-bit"),
    ([START, b"RIFF\x24\0\0\0WAVEfmt " + bytes(3200)], "unsupported_audio", 1003, "16 kHz"),
    ([START, b"ID3\4" + bytes(3200)], "unsupported_audio", 1003, "16 kHz"),
    ([START, b"OggS" + bytes(3200)], "unsupported_audio", 1003, "16 kHz"),
    ([START, b"fLaC" + bytes(3200)], "unsupported_audio", 1003, "16 kHz"),
    ([START, b"RIFF\x24\0\0\0AVI LIST" + bytes(3200)], "unsupported_audio", 1003, "an AVI video"),
    ([START, b"\0\0\0\x1cftypiso5" + bytes(3200)], "unsupported_audio", 1003, "an MP4 or QuickTime file"),
    (['{"action": "start", "sample_rate": 48000}'], "unsupported_audio", 1003, "48000"),
    (['{"action": "start", "encoding": "opus"}'], "unsupported_audio", 1003, "pcm_s16le"),
    (['{"action": "start", "channels": "2"}'], "invalid_message", 1008, "channels"),
    ([START, np.random.default_rng(0).normal(0, 0.1, 32_000).astype("<f4").tobytes()], "unsupported_audio", 1003, "floating-point"),
    ([START, STOP.encode()], "invalid_message", 1008, "text frames"),
    ([START, "AAAA" * 2000], "invalid_json", 1007, "binary frames"),
    ([START, bytes((1 << 20) + 2)], "frame_too_large", 1009, "bytes"),
    ([START, gzip.compress(b"x" * 999) * 1000 + b"{"], "odd_length", 1007, ""),
]


@pytest.mark.parametrize("mistake", WRONG, ids=lambda mistake: mistake[1])
def test_mistake_gets_a_clear_error_and_harms_nobody_else(connect, bystander, mistake):
    frames, code, close, word = mistake
    with connect() as client:
        for frame in frames:
            client.connection.send(frame)
        error = client.heard("error")
        assert error["code"] == code
        assert word in error["message"]
        assert client.close_code() == close

    before = sum(message["event"] == "speaker" for message in bystander.messages)
    bystander.stream(SECOND)
    bystander.heard("speaker", more_than=before)


def test_frame_of_64_mib_gets_a_clear_error_and_takes_no_memory(connect, server, record_property):
    with connect() as client:
        client.start()
        before = server.memory()
        client.connection.send(bytes(64 << 20))
        assert client.heard("error")["code"] == "frame_too_large"
        assert client.close_code() == 1009
        grown = server.memory() - before

    record_property("grown_mib", grown / 2**20)
    assert grown < 16 << 20


def test_text_of_64_mib_gets_a_clear_error_and_takes_no_memory(connect, server):
    with connect() as client:
        before = server.memory()
        client.connection.send("x" * (64 << 20))
        assert client.heard("error")["code"] == "frame_too_large"
        assert client.close_code() == 1009
        assert server.memory() - before < 16 << 20
