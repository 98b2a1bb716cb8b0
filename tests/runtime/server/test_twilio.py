"""Calls of a client that speaks as Twilio does, at a real server with a chain that counts audio."""

import asyncio
import base64
import json
from contextlib import asynccontextmanager

import pytest
from pydantic import ValidationError
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from speaker_tracker.settings import Settings, SettingsError
from support.telephone import line_audio

STREAM = "MZ" + "0123456789abcdef" * 2
AUDIO = line_audio("dialogue", "mulaw")


class Phone:
    """A stream of Twilio's: everything is text, numbers as well."""

    def __init__(self, connection):
        self.connection = connection
        self.messages = []
        self._sequence = 0
        self._chunks = {}

    async def say(self, event, **more):
        self._sequence += 1
        await self.connection.send(json.dumps({"event": event, "sequenceNumber": str(self._sequence), **more}))

    async def start(self, *tracks, encoding="audio/x-mulaw", stream=STREAM, **parameters):
        await self.say("connected", protocol="Call", version="1.0.0")
        content = {
            "accountSid": "AC1",
            "streamSid": stream,
            "callSid": "CA1",
            "tracks": list(tracks or ["inbound"]),
            "mediaFormat": {"encoding": encoding, "sampleRate": 8000, "channels": 1},
            "customParameters": parameters,
        }
        await self.say("start", start=content, streamSid=stream)

    async def media(self, payload, track="inbound", timestamp=None, chunk=None):
        number = self._chunks[track] = self._chunks.get(track, 0) + 1
        number = number if chunk is None else chunk
        at = 20 * (number - 1) if timestamp is None else timestamp
        content = {"track": track, "chunk": str(number), "timestamp": str(at), "payload": base64.b64encode(payload).decode()}
        await self.say("media", media=content, streamSid=STREAM)

    async def talk(self, audio, *tracks):
        for at in range(0, len(audio), 160):
            for track in tracks or ["inbound"]:
                await self.media(audio[at : at + 160], track)

    async def stop(self):
        await self.say("stop", stop={"accountSid": "AC1", "callSid": "CA1"}, streamSid=STREAM)
        return await self.rest()

    async def rest(self):
        """All messages up to the end, and the close code."""
        try:
            while True:
                self.messages.append(json.loads(await self.connection.recv()))
        except ConnectionClosed:
            return self.connection.close_code

    def reports(self):
        return {each["track"]: each["speakers"] for each in self.messages if each["event"] == "report"}


@pytest.fixture
def phone(serve):
    """Opens calls at a server with the path."""

    @asynccontextmanager
    async def call(server=None, query="", **options):
        server = server or serve(twilio_path="/ws/twilio", **options.pop("settings", {}))
        url = server.url.replace("/ws/session", "/ws/twilio") + query
        async with connect(url, compression=None, **options) as connection:
            yield Phone(connection)

    return call


async def test_each_track_of_a_call_is_a_session(phone):
    async with phone() as call:
        await call.start("inbound", "outbound", results="socket")
        await call.talk(AUDIO[:16_000], "inbound", "outbound")
        assert await call.stop() == 1000
    assert {name: speakers[0]["totalTimeMs"] for name, speakers in call.reports().items()} == {"inbound": 2000, "outbound": 2000}
    assert {each["streamSid"] for each in call.messages} == {STREAM}
    started = [(each["track"], each["num_speakers"]) for each in call.messages if each["event"] == "started"]
    assert sorted(started) == [("inbound", 1), ("outbound", 1)]


async def test_tracks_can_be_mixed_to_one_session(phone):
    async with phone() as call:
        await call.start("inbound", "outbound", results="socket", tracks="mixed", num_speakers="3")
        await call.talk(AUDIO[:16_000], "inbound", "outbound")
        assert await call.stop() == 1000
    assert call.messages[0] == {"event": "started", "num_speakers": 3, "track": "mixed", "streamSid": STREAM}
    assert call.reports()["mixed"][0]["totalTimeMs"] == pytest.approx(2000, abs=3)


async def test_nothing_goes_to_twilio_that_did_not_ask_for_it(phone):
    async with phone() as call:
        await call.start()
        await call.talk(AUDIO[:8000])
        assert await call.stop() == 1000
    assert call.messages == []


async def test_other_messages_and_a_call_that_hangs_up_without_a_word_do_no_harm(phone, serve, probe):
    server = serve(twilio_path="/ws/twilio")
    async with phone(server) as call:
        await call.start()
        await call.say("dtmf", dtmf={"track": "inbound_track", "digit": "1"}, streamSid=STREAM)
        await call.say("mark", mark={"name": "x"}, streamSid=STREAM)
        await call.say("news", of="a later version")
        await call.talk(AUDIO[:8000])
        await server.until(lambda: any(stage.bytes for stage in probe.alive))
    await server.until(lambda: not len(server.sessions))


async def test_chunks_out_of_order_are_put_in_order_and_missing_ones_do_not_end_the_call(phone):
    async with phone() as call:
        await call.start(results="socket")
        for chunk in (1, 3, 2, 5, 6):  # 4 comes never
            await call.media(AUDIO[160 * chunk : 160 * chunk + 160], chunk=chunk)
        assert await call.stop() == 1000
    assert call.reports()["inbound"][0]["totalTimeMs"] == 100


@pytest.mark.parametrize("encoding", ["audio/x-mulaw", "audio/x-alaw", "PCMA"])
async def test_both_laws_are_taken(phone, encoding):
    async with phone() as call:
        await call.start(encoding=encoding)
        assert await call.stop() == 1000


@pytest.mark.parametrize(
    ("frames", "code", "close", "sentence"),
    [
        ([b"\0\0"], "invalid_message", 1008, "text frames alone"),
        (["hello"], "invalid_json", 1007, "is not JSON"),
        (['{"action": "start"}'], "invalid_message", 1008, "opened at /ws/session"),
        (['{"event": "media"}'], "not_started", 1008, "begins with"),
        (['{"event": "start"}'], "invalid_message", 1008, 'no object "start"'),
        (['{"event": "start", "start": {"streamSid": "a b"}}'], "invalid_message", 1008, "streamSid"),
        (
            ['{"event": "start", "start": {"streamSid": "a", "mediaFormat": {"encoding": "opus"}}}'],
            "unsupported_audio", 1003, "opus",
        ),
        (
            ['{"event": "start", "start": {"streamSid": "a", "customParameters": {"num_speakers": "9"}}}'],
            "invalid_num_speakers", 1008, "num_speakers",
        ),
        (
            ['{"event": "start", "start": {"streamSid": "a"}}', '{"event": "media", "media": {"track": "x", "payload": ""}}'],
            "invalid_message", 1008, "track 'x'",
        ),
        (
            ['{"event": "start", "start": {"streamSid": "a"}}', '{"event": "media", "media": {"payload": "%"}}'],
            "invalid_message", 1008, "base64",
        ),
        (['{"event": "start", "start": {"streamSid": "a"}}'] * 2, "already_started", 1008, "one stream"),
    ],
)  # fmt: skip
async def test_what_is_no_stream_is_refused_with_a_reason(phone, frames, code, close, sentence):
    async with phone() as call:
        for frame in frames:
            await call.connection.send(frame)
        assert await call.rest() == close
    (error,) = [each for each in call.messages if each["event"] == "error"]
    assert error["code"] == code
    assert sentence in error["message"]


async def test_a_stream_that_does_not_start_is_closed(phone):
    async with phone(settings={"start_timeout_seconds": 0.2}) as call:
        await call.say("connected")
        assert await call.rest() == 1008
    assert call.messages[0]["code"] == "start_timeout"


async def test_a_token_comes_as_a_parameter_or_as_a_header(phone, serve):
    server = serve(twilio_path="/ws/twilio", tokens=["sesame"])
    async with phone(server) as call:
        await call.start(token="sesame")
        assert await call.stop() == 1000
    async with phone(server) as call:
        await call.start(token="wrong")
        assert await call.rest() == 1008
    assert "valid token is needed" in call.messages[0]["message"]
    async with phone(server, additional_headers={"Authorization": "Bearer sesame"}) as call:
        await call.start()
        assert await call.stop() == 1000
    with pytest.raises(InvalidStatus):
        async with phone(server, additional_headers={"Authorization": "Bearer wrong"}):
            pass


async def test_a_call_counts_as_so_many_sessions_as_it_has_tracks(phone, serve):
    server = serve(twilio_path="/ws/twilio", max_sessions=2)
    async with phone(server) as call:
        await call.start("inbound", "outbound")
        await server.until(lambda: len(server.sessions) == 2)
        async with phone(server) as other:
            await other.start(results="socket")
            await asyncio.wait_for(other.rest(), 10)
        assert other.connection.close_code == 1013
        assert await call.stop() == 1000


async def test_a_silent_track_is_kept_open_while_another_is_heard(phone):
    async with phone(settings={"idle_timeout_seconds": 0.6}) as call:
        await call.start("inbound", "outbound", results="socket")
        for number in range(10):
            await call.media(AUDIO[160 * number : 160 * number + 160])
            await asyncio.sleep(0.1)
        assert await call.stop() == 1000
    assert set(call.reports()) == {"inbound", "outbound"}


async def test_a_message_may_hold_a_minute(phone):
    async with phone() as call:
        await call.start(results="socket")
        await call.media((AUDIO * 2)[: 60 * 8000])
        assert await call.stop() == 1000
    assert call.reports()["inbound"][0]["totalTimeMs"] == 60_000


async def test_a_call_that_never_starts_makes_room_for_others(phone, serve):
    server = serve(twilio_path="/ws/twilio", max_waiting_connections=1)
    async with phone(server) as waiting:
        await waiting.say("connected")
        await server.until(lambda: len(server.shared.waiting) == 1)
        async with phone(server) as call:
            assert await waiting.rest() == 1013
            await call.start()
            assert await call.stop() == 1000


async def test_frames_with_audio_are_no_flood_of_messages(phone):
    async with phone(settings={"max_messages_per_second": 20}) as call:
        await call.start(results="socket")
        await call.talk(AUDIO[: 160 * 500])
        assert await call.stop() == 1000
    assert call.reports()["inbound"][0]["totalTimeMs"] == 10_000


async def test_a_call_is_known_to_stages_by_stream_and_track(phone, probe, serve):
    server = serve(twilio_path="/ws/twilio")
    async with phone(server) as call:
        await call.start("inbound", "outbound")
        await server.until(lambda: len(probe.alive) == 2)
        assert {stage.session.session_id for stage in probe.alive} == {f"{STREAM}-inbound", f"{STREAM}-outbound"}
        assert await call.stop() == 1000


async def test_a_server_that_ends_gives_the_call_its_reports(phone, serve):
    server = serve(twilio_path="/ws/twilio", grace_seconds=5)
    async with phone(server) as call:
        await call.start("inbound", "outbound", results="socket")
        await call.talk(AUDIO[:1600], "inbound", "outbound")
        await server.until(lambda: len(server.sessions) == 2)
        server.stop.set()
        assert await call.rest() == 1001
    assert set(call.reports()) == {"inbound", "outbound"}


async def test_without_the_setting_there_is_no_such_path(phone, serve):
    with pytest.raises(InvalidStatus) as raised:
        async with phone(serve()):
            pass
    assert raised.value.response.status_code == 404


@pytest.mark.parametrize("path", ["/ws/session", "/health"])
async def test_a_path_that_is_taken_is_refused(serve, path):
    with pytest.raises(SettingsError, match=f"TWILIO_PATH cannot be {path}, which the server answers already"):
        serve(twilio_path=path)


@pytest.mark.parametrize("path", ["twilio", "/", "/a?b", "", "/<x>"])
def test_a_path_that_is_none_is_refused(path):
    with pytest.raises(ValidationError, match="it must be a path such as /ws/twilio"):
        Settings(twilio_path=path)
