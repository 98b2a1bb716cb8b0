"""Conversations as telephone networks carry them, at real servers with the default models."""

import asyncio
import base64
import json

import numpy as np
import pytest
import soundfile
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from support.known_conversation import DATA, read_conversation
from support.protocol_client import ProtocolClient
from support.server_process import ServerProcess
from support.telephone import companded_line, line_audio

pytestmark = pytest.mark.e2e

TRUTH = read_conversation(DATA / "dialogue.flac", DATA / "dialogue.rttm")
CHAIN = "telephone_decoder,silero_vad,speaker_segmentation,speechbrain_embedding,kmeans_assigner,timing_aggregator,reporter"


def share_right(segments):
    """How much of the speech of the dialogue is labelled as the reference does."""
    heard = np.zeros_like(TRUTH.speakers)
    for each in segments:
        heard[each["speakerId"], 16 * each["startMs"] : 16 * each["endMs"]] = True
    return (heard == TRUTH.speakers).all(axis=0).mean()


@pytest.mark.parametrize("encoding", ["mulaw", "alaw"])
def test_a_line_is_heard_as_its_frames_come(encoding):
    server = ServerProcess(stages=CHAIN, stage_options={"telephone_decoder": {"encoding": encoding}})
    try:
        with ProtocolClient(server.url) as client:
            client.say(action="start", num_speakers=2, timeline=True)
            audio = line_audio("dialogue", encoding)
            for at in range(0, len(audio), 800):
                client.connection.send(audio[at : at + 800])
            report = client.report()
    finally:
        server.end()
    assert share_right(report["segments"]) > 0.9


async def call(url, sides, **parameters):
    """The messages of a call, and its close code; ``sides``: audio by track."""
    said = []
    async with connect(url, compression=None, max_queue=None, ping_timeout=None) as connection:
        await connection.send(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
        start = {
            "streamSid": "MZ1",
            "tracks": list(sides),
            "customParameters": {"results": "socket", "timeline": "true", **parameters},
        }
        await connection.send(json.dumps({"event": "start", "start": start}))
        for number, at in enumerate(range(0, max(map(len, sides.values())), 160)):
            for track, audio in sides.items():
                payload = base64.b64encode(audio[at : at + 160]).decode()
                media = {"track": track, "chunk": str(number + 1), "timestamp": str(20 * number), "payload": payload}
                await connection.send(json.dumps({"event": "media", "media": media}))
        await connection.send(json.dumps({"event": "stop"}))
        try:
            while True:
                said.append(json.loads(await connection.recv()))
        except ConnectionClosed:
            return said, connection.close_code


@pytest.fixture(scope="module")
def server():
    server = ServerProcess(twilio_path="/ws/twilio")
    assert server.url
    yield server
    server.end()


def test_a_call_with_both_parties_on_one_track_tells_them_apart(server):
    url = server.url.replace("/ws/session", "/ws/twilio")
    said, code = asyncio.run(call(url, {"inbound": line_audio("dialogue", "mulaw")}))
    assert code == 1000
    (report,) = [each for each in said if each["event"] == "report"]
    assert (report["track"], report["streamSid"]) == ("inbound", "MZ1")
    assert share_right(report["segments"]) > 0.9


def parties():
    """The dialogue as a call whose parties are on a track each."""
    sides = zip(("inbound", "outbound"), TRUTH.speakers, strict=True)
    samples = soundfile.read(DATA / "dialogue.flac", dtype="int16")[0]
    return {track: companded_line(samples * speaks[: len(samples)], "mulaw") for track, speaks in sides}


def test_each_party_of_a_call_is_heard_on_a_track_of_its_own(server):
    url = server.url.replace("/ws/session", "/ws/twilio")
    said, code = asyncio.run(call(url, parties()))
    assert code == 1000
    reports = {each["track"]: each for each in said if each["event"] == "report"}
    for track, speaks in zip(("inbound", "outbound"), TRUTH.speakers, strict=True):
        (speaker,) = reports[track]["speakers"]
        assert speaker["totalTimeMs"] == pytest.approx(speaks.sum() / 16, rel=0.15)
    first = {track: report["segments"][0]["startMs"] for track, report in reports.items()}
    assert first["outbound"] > first["inbound"] + 2000  # on the clock of the stream


def test_a_call_whose_tracks_are_mixed_is_one_session(server):
    url = server.url.replace("/ws/session", "/ws/twilio")
    said, code = asyncio.run(call(url, parties(), tracks="mixed"))
    assert code == 1000
    assert len([each for each in said if each["event"] == "report"]) == 1
    assert share_right(said[-1]["segments"]) > 0.9


def test_the_protocol_of_the_server_itself_is_as_it_was(server):
    with ProtocolClient(server.url) as client:
        client.say(action="start", num_speakers=2)
        assert client.report()["event"] == "report"
