"""What clients of programs are told when something goes wrong."""

import asyncio
import ssl
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
from websockets.asyncio.server import serve

from speaker_tracker.client import (
    AccessRefused,
    BadArgument,
    CannotConnect,
    ClientError,
    ConnectionLost,
    NotASpeakerTracker,
    ServerError,
    ServerUnavailable,
    SessionOver,
    TrackerClient,
    UntrustedCertificate,
    opening,
)
from speaker_tracker.errors import UserError
from speaker_tracker.protocol import ErrorCode
from support.client_harness import HEARD, PATIENCE, REPORT, SECOND, SPEECH, STARTED, no_task_left, quick, read_all


async def fails(url, kind, **options):
    """The sentence of the error with which a session fails, whoever asks."""

    async def use():
        async with quick(url, **options) as client:
            client.stream_in_background([SECOND] * 100)
            await read_all(client)

    with pytest.raises(kind) as raised:
        await use()
    assert type(raised.value) is kind
    assert isinstance(raised.value, ClientError)
    assert isinstance(raised.value, UserError)
    assert "\n" not in str(raised.value)
    await no_task_left()
    return str(raised.value)


async def test_an_error_of_the_server_is_raised_with_its_code_to_all(serve_with):
    def refuse(websocket):
        websocket.recv()
        websocket.send(STARTED)
        websocket.recv()
        websocket.send('{"event": "error", "code": "stage_failed", "message": "stage \'x\' failed"}')
        websocket.close(1011)

    async with TrackerClient(serve_with(refuse)) as client:
        with pytest.raises(ServerError, match="the server says: stage 'x' failed") as raised:
            await client.stream([SECOND] * 1000)
        assert raised.value.code is ErrorCode.STAGE_FAILED
        for again in (client.send(SECOND), client.stop(), anext(client)):
            with pytest.raises(ServerError):
                await again
        assert not client.report_so_far().complete


async def test_a_code_that_is_new_is_a_plain_word(serve_with):
    def refuse(websocket):
        websocket.recv()
        websocket.send('{"event": "error", "code": "too_sunny", "message": "wait for the shade"}')
        websocket.close(1008)

    with pytest.raises(ServerError) as raised:
        async with TrackerClient(serve_with(refuse)):
            pass
    assert raised.value.code == "too_sunny"
    assert not isinstance(raised.value.code, ErrorCode)


async def test_a_report_before_an_error_is_kept(serve_with):
    def idle(websocket):
        websocket.recv()
        websocket.send(STARTED)
        websocket.send(REPORT)
        websocket.send('{"event": "error", "code": "idle_timeout", "message": "nothing was received"}')
        websocket.close(1008)

    async with TrackerClient(serve_with(idle)) as client:
        with pytest.raises(ServerError, match="nothing was received"):
            await client.stop()
        (part,) = client.report_so_far().parts
    assert part.reported
    assert part.speaking_ms == {0: 500}


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("{broken", "text that is not JSON"),
        (b"\0\0", "a binary frame"),
        ("{}", "JSON without an event"),
        ('{"event": "speaker"}', "a 'speaker' event whose currentSpeakerId is wrong (Field required)"),
    ],
)
async def test_a_violation_of_the_protocol_is_reported(serve_with, sent, words):
    def strange(websocket):
        websocket.recv()
        websocket.send(STARTED)
        websocket.send(sent)
        websocket.recv(timeout=PATIENCE)

    url = serve_with(strange)
    assert await fails(url, NotASpeakerTracker) == f"{url} is no speaker tracker: it sent {words}"


async def test_an_echo_is_no_speaker_tracker(serve_with):
    def echo(websocket):
        for data in websocket:
            websocket.send(data)

    url = serve_with(echo)
    assert await fails(url, NotASpeakerTracker) == f"{url} is no speaker tracker: it sent JSON without an event"


async def test_a_server_that_never_starts_a_session_is_not_waited_for_for_ever(serve_with, monkeypatch):
    monkeypatch.setattr(opening, "START_SECONDS", 0.2)

    def silent(websocket):
        for _ in websocket:
            pass

    url = serve_with(silent)
    assert await fails(url, CannotConnect) == f"{url} did not start a session within 0.2 s"


async def test_a_plain_web_server_is_no_speaker_tracker():
    class Plain(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Plain)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"ws://127.0.0.1:{server.server_port}"
    assert await fails(f"{address}/", NotASpeakerTracker) == f"{address}/ answered HTTP 200 instead of opening a session"
    assert "the path of a speaker tracker is /ws/session" in await fails(f"{address}/ws", NotASpeakerTracker)
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, AccessRefused, "wants a valid token (HTTP 401)"),
        (403, AccessRefused, "refuses this client (HTTP 403)"),
        (404, NotASpeakerTracker, "is not there (HTTP 404); the path of a speaker tracker is /ws/session"),
        (429, ServerUnavailable, "cannot open a session now (HTTP 429); try again later"),
        (500, NotASpeakerTracker, "answered HTTP 500 instead of opening a session"),
        (502, ServerUnavailable, "cannot open a session now (HTTP 502); try again later"),
        (503, ServerUnavailable, "takes no more sessions now (HTTP 503); try again later"),
    ],
)
async def test_a_handshake_that_is_turned_down_says_why(serve_with, status, kind, words):
    url = serve_with(lambda _: None, process_request=lambda connection, _: connection.respond(HTTPStatus(status), "no\n"))
    assert await fails(url, kind) == f"{url} {words}"


async def test_the_token_goes_as_a_bearer_token(serve_with):
    shown = []

    def process_request(connection, request):
        shown.append(request.headers.get("Authorization"))
        return connection.respond(HTTPStatus.FORBIDDEN, "no\n")

    url = serve_with(lambda _: None, process_request=process_request)
    await fails(url, AccessRefused, token="sesame")
    await fails(url, AccessRefused)
    assert shown == ["Bearer sesame", None]


async def test_a_token_in_the_address_is_not_shown(serve_with):
    url = serve_with(lambda _: None, process_request=lambda connection, _: connection.respond(HTTPStatus.UNAUTHORIZED, "no\n"))
    assert "sesame" not in await fails(f"{url}?token=sesame", AccessRefused)
    assert "sesame" not in await fails(url.replace("ws://", "ws://me:sesame@"), AccessRefused)


async def test_a_missing_server_is_reported(unused_tcp_port):
    url = f"ws://127.0.0.1:{unused_tcp_port}/ws/session"
    assert await fails(url, CannotConnect) == f"{url} cannot be reached: connection refused; is the server running?"


async def test_a_server_that_hangs_up_is_reported(unused_tcp_port):
    async def hang_up(_reader, writer):
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", unused_tcp_port):
        url = f"ws://127.0.0.1:{unused_tcp_port}/ws/session"
        told = await fails(url, CannotConnect)
    assert told.startswith((f"{url} closed the connection before it answered", f"{url} cannot be reached: Connection reset"))


async def test_a_server_of_something_else_is_reported(unused_tcp_port):
    async def answer(reader, writer):
        await reader.readline()
        writer.write(b"220 mail.example ready\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", unused_tcp_port):
        url = f"ws://127.0.0.1:{unused_tcp_port}/ws/session"
        told = await fails(url, NotASpeakerTracker)
    assert told.startswith(f"{url} is no speaker tracker: it does not accept WebSocket connections (")


async def test_a_certificate_that_is_not_trusted_is_reported_with_what_to_do(tls_files, unused_tcp_port):
    cert, key, _ = tls_files
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", unused_tcp_port, ssl=context):
        told = await fails(f"wss://127.0.0.1:{unused_tcp_port}/ws/session", UntrustedCertificate)
    assert "is not trusted" in told
    assert "SSL_CERT_FILE" in told


@pytest.mark.parametrize(
    ("code", "words"),
    [(1000, "closed the connection without a report"), (1011, "broke the connection off with close code 1011 (out of luck)")],
)
async def test_a_close_without_a_report_is_reported(serve_with, code, words):
    def close(websocket):
        websocket.recv()
        websocket.send(STARTED)
        websocket.close(code, "out of luck")

    url = serve_with(close)
    assert await fails(url, ConnectionLost) == f"{url} {words}"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can be told how patient to be")
async def test_a_server_that_takes_nothing_any_more_is_given_up():
    done = asyncio.Event()

    async def stuck(websocket):
        await websocket.recv()
        await websocket.send(STARTED)
        websocket.transport.pause_reading()
        await done.wait()
        websocket.transport.abort()

    async with serve(stuck, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws/session"
        with pytest.raises(ConnectionLost) as raised:
            async with quick(url, patience_seconds=1.0) as client:
                await client.stream([SECOND] * 1000)
        done.set()
    assert str(raised.value) == f"{url} broke the connection off"
    assert raised.value.close_code is None


async def test_a_source_that_fails_ends_the_session_with_its_own_error(tracker):
    def source():
        yield SECOND
        raise ValueError("the file is damaged")

    async with TrackerClient(tracker) as client:
        with pytest.raises(ValueError, match="the file is damaged"):
            await client.stream(source())
    async with TrackerClient(tracker) as client:
        client.stream_in_background(source())
        with pytest.raises(ValueError, match="the file is damaged"):
            await read_all(client)


async def test_audio_that_is_none_is_not_sent(tracker):
    async with TrackerClient(tracker) as client:
        for audio in (b"123", "abc", np.zeros((2, 2), np.int16)):
            with pytest.raises(BadArgument):
                await client.send(audio)
        assert await client.stream(SPEECH) == HEARD


async def test_audio_behind_the_end_is_refused(tracker):
    async with TrackerClient(tracker) as client:
        await client.stop()
        with pytest.raises(SessionOver, match="the session was stopped"):
            await client.send(SECOND)
