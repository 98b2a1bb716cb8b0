"""Sessions that outlive their connection, their process and their server; real servers, stores and kills."""

import asyncio
import random
import signal
import sqlite3
import time
import zlib
from itertools import pairwise

import numpy as np
import pytest
import soundfile

from speaker_tracker.client import Disconnected, Reconnected, Resumed, TrackerClient
from speaker_tracker.engine.saved_session import HEAD, LENGTHS
from support.client_harness import PATIENT
from support.known_conversation import DATA
from support.redis_process import RedisProcess

pytestmark = pytest.mark.e2e

KEY = "k" * 40
KILLS = 5
"""Of each store."""
IN_FLIGHT_SECONDS = 2.0
"""Speech that may be labelled otherwise for each kill: what was held back when the session was saved."""


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    process = RedisProcess(tmp_path_factory.mktemp("redis"))
    yield process
    process.stop()


@pytest.fixture
def place(start_server, unused_tcp_port):
    """Starts servers, one after another at the same address."""

    class Place:
        url = f"ws://127.0.0.1:{unused_tcp_port}/ws/session"

        @staticmethod
        async def start(**settings):
            server = start_server("--port", str(unused_tcp_port), **settings)
            await asyncio.to_thread(lambda: server.url)
            return server

    return Place


def speech(segments, milliseconds):
    """Who speaks in each hundredth of a second, shape ``(n, 5)``."""
    speaking = np.zeros((milliseconds // 10 + 500, 5), bool)
    for segment in segments:
        speaking[segment.start_ms // 10 : segment.end_ms // 10, segment.speaker] = True
    return speaking


def different_seconds(segments, others, milliseconds):
    return np.count_nonzero(speech(segments, milliseconds) != speech(others, milliseconds)) / 100


@pytest.fixture(scope="module")
def conversation_pcm():
    samples, _ = soundfile.read(DATA / "conversation.flac", dtype="int16")
    return samples.tobytes()


async def undisturbed(url, pcm):
    async with TrackerClient(url, num_speakers=3) as client:
        report = await client.stream(pcm)
    assert report.complete
    return report.parts[0]


async def send(client, pcm, *, frame=6400, pause=0.01):
    """Sends audio, somewhat faster than in real time."""
    for begin in range(0, len(pcm), frame):
        await client.send(pcm[begin : begin + frame])
        await asyncio.sleep(pause)


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
async def test_a_session_survives_kills_at_random_moments(place, redis, kind, tmp_path, conversation_pcm):
    store = f"sqlite:{tmp_path}/sessions.sqlite" if kind == "sqlite" else redis.url
    settings = {"resume_store": store, "resume_keys": [KEY]}
    server = await place.start(**settings)
    alone = await undisturbed(place.url, conversation_pcm)
    chance = random.Random(7)
    events = []

    async with TrackerClient(place.url, num_speakers=3, reconnect=PATIENT) as client:

        async def listen():
            events.extend([event async for event in client])

        listening = asyncio.create_task(listen())
        bounds = [0, *sorted(chance.randrange(32_000, len(conversation_pcm) - 32_000, 2) for _ in range(KILLS)), None]
        for begin, end in pairwise(bounds):
            await send(client, conversation_pcm[begin:end])
            if end is not None:
                await asyncio.sleep(chance.uniform(0, 0.5))
                server.process.kill()
                await asyncio.to_thread(server.wait)
                server = await place.start(**settings)
        report = await client.stop()
        await listening

    assert sum(isinstance(event, Disconnected) for event in events) == KILLS
    assert sum(isinstance(event, Resumed) for event in events) == KILLS
    assert not any(isinstance(event, Reconnected) for event in events)
    assert report.complete
    (part,) = report.parts
    assert different_seconds(part.segments, alone.segments, alone.sent_ms) <= IN_FLIGHT_SECONDS * KILLS
    assert part.sent_ms == alone.sent_ms


async def test_a_server_that_shuts_down_hands_its_session_over_within_a_second(place, tmp_path, conversation_pcm):
    settings = {"resume_store": f"sqlite:{tmp_path}/sessions.sqlite", "resume_keys": [KEY]}
    first = await place.start(**settings)
    heard, resumed = [], asyncio.Event()

    async with TrackerClient(place.url, num_speakers=3, reconnect=PATIENT) as client:

        async def listen():
            async for event in client:
                heard.append((time.monotonic(), event))
                if isinstance(event, Resumed):
                    resumed.set()

        listening = asyncio.create_task(listen())
        sending = asyncio.create_task(send(client, conversation_pcm))
        await asyncio.sleep(3)
        first.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(first.wait) == 0
        await place.start(**settings)
        await sending
        report = await client.stop()
        await listening

    (lost,) = [event for _, event in heard if isinstance(event, Disconnected)]
    assert "shutting down; connect again and resume" in lost.reason
    assert resumed.is_set()
    assert report.complete
    assert len(report.parts) == 1


async def test_a_client_that_lost_its_connection_alone_goes_on_in_the_memory_of_the_same_server(
    start_server, connect, conversation_pcm
):
    server = start_server("--workers", "2", checkpoint_seconds=1)
    with connect(server.url) as client:
        client.start(num_speakers=3, timeline=True, resumable=True)
        session = client.heard("started")["session"]
        client.stream(conversation_pcm[: 32_000 * 20])
        client.heard("speaker", more_than=35)
        acknowledged = client.heard("speaker")["ackMs"]
        before = client.heard("timeline")
    assert 0 < acknowledged <= 20_000

    with connect(server.url) as again:  # by whichever of the two processes
        again.say(action="resume", session=session)
        resumed = again.heard("resumed")
        assert resumed["audioMs"] >= acknowledged
        assert resumed["num_speakers"] == 3
        again.stream(conversation_pcm[resumed["audioMs"] * 32 : 32_000 * 25])
        report = again.report()
    first = next(message for message in again.messages if message["event"] == "timeline")
    assert min(segment["startMs"] for segment in first["segments"]) < 1000
    assert before["audioMs"] > acknowledged
    assert report["segments"][-1]["endMs"] > 20_000

    with connect(server.url) as late:
        late.say(action="resume", session=session)
        assert late.heard("error")["code"] == "session_unknown"
        assert late.close_code() == 1008


def test_of_two_that_resume_a_session_the_later_has_it_and_the_earlier_is_told(start_server, connect, conversation_pcm):
    server = start_server("--workers", "2", checkpoint_seconds=1)
    first = connect(server.url)
    first.start(num_speakers=3, resumable=True)
    session = first.heard("started")["session"]
    first.stream(conversation_pcm[: 32_000 * 10])
    first.heard("speaker", more_than=15)

    connections = [first]
    for _ in range(3):
        later = connect(server.url)
        later.say(action="resume", session=session)
        begin = later.heard("resumed")["audioMs"]
        assert connections[-1].heard("error", within=30)["code"] == "session_taken_over"
        assert connections[-1].close_code() == 1008
        connections.append(later)
    connections[-1].stream(conversation_pcm[begin * 32 : 32_000 * 12])
    assert connections[-1].report()["speakers"]


@pytest.mark.parametrize("session", ["", "x" * 201, 7, None])
def test_what_is_no_name_of_a_session_is_refused_without_showing_it(server, connect, session):
    client = connect(server.url)
    client.say(action="resume", **({} if session is None else {"session": session}))
    error = client.heard("error")
    assert error["code"] == "invalid_message"
    assert 'the text that "started" had' in error["message"]


def test_a_stolen_store_and_a_guessed_name_tell_nothing(start_server, connect, tmp_path, conversation_pcm):
    path = tmp_path / "sessions.sqlite"
    server = start_server(resume_store=f"sqlite:{path}", resume_keys=[KEY], checkpoint_seconds=1, log_level="debug")
    client = connect(server.url)
    client.start(resumable=True)
    session = client.heard("started")["session"]
    client.stream(conversation_pcm[: 32_000 * 10])
    client.heard("speaker", more_than=15)

    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert session.encode() not in kept
    assert b"silero_vad" not in kept
    assert b"num_speakers" not in kept
    assert session not in "\n".join(server.log)
    refusals = set()
    for guess in (session[:-1] + ("A" if session[-1] != "A" else "B"), session.lower(), "A" * 43):
        other = connect(server.url)
        other.say(action="resume", session=guess)
        refusals.add((other.heard("error")["code"], other.heard("error")["message"]))
    assert len(refusals) == 1
    assert next(iter(refusals))[0] == "session_unknown"
    assert client.report()["speakers"]


def test_a_server_with_other_stages_refuses_and_says_so(start_server, connect, tmp_path):
    store = f"sqlite:{tmp_path}/sessions.sqlite"
    with connect(start_server(resume_store=store).url) as client:
        client.start(resumable=True)
        session = client.heard("started")["session"]
    other = connect(start_server(resume_store=store, stage_options={"silero_vad": {"threshold": 0.5}}).url)
    other.say(action="resume", session=session)
    error = other.heard("error")
    assert error["code"] == "session_incompatible"
    assert "its stages are not those of this server; start another one" in error["message"]


def test_sessions_go_on_without_being_kept_where_the_store_has_failed(start_server, connect, conversation_pcm):
    server = start_server(resume_store="redis://127.0.0.1:1", checkpoint_seconds=1)
    with connect(server.url) as client:
        client.start(resumable=True)
        assert "session" not in client.heard("started")
        client.stream(conversation_pcm[: 32_000 * 5])
        assert "ackMs" not in client.heard("speaker")
        assert client.report()["speakers"]
    server.logged("sessions cannot be kept now")
    with connect(server.url) as other:
        other.say(action="resume", session="A" * 43)
        assert other.heard("error")["code"] == "server_busy"
        assert other.close_code() == 1013


def test_nothing_of_the_audio_is_in_what_is_kept(start_server, connect, tmp_path, conversation_pcm):
    server = start_server(resume_store=f"sqlite:{tmp_path}/sessions.sqlite", checkpoint_seconds=1)
    client = connect(server.url)
    client.start(num_speakers=3, timeline=True, resumable=True)
    client.stream(conversation_pcm[: 32_000 * 30])
    client.heard("speaker", more_than=55)

    with sqlite3.connect(tmp_path / "sessions.sqlite") as database:
        (data,) = database.execute("SELECT data FROM sessions").fetchone()
    database.close()
    compressed, _ = LENGTHS.unpack_from(data, HEAD.size)
    body = data[HEAD.size + LENGTHS.size :]
    unpacked = zlib.decompress(body[:compressed]) + body[compressed:]
    samples = np.frombuffer(conversation_pcm[: 32_000 * 30], "<i2")
    loud = np.flatnonzero(np.abs(samples) > 2000)[::2000]
    assert len(loud) > 20
    for begin in loud.tolist():
        piece = samples[begin : begin + 4]
        for form in (piece, piece.astype(">i2"), (piece / 32768).astype("<f4"), (piece / 32768).astype("<f8"), piece.astype("<i4")):
            assert form.tobytes() not in unpacked
    assert len(data) < 200_000
    assert client.report()["speakers"]
