import asyncio
import ssl
from http import HTTPStatus
from time import monotonic

import pytest

from speaker_tracker.audio_file import AudioFile
from speaker_tracker.client import ClientError, ServerError, connect, stream

STARTED = '{"event": "started", "num_speakers": 2}'
REPORT = '{"event": "report", "speakers": [{"id": 0, "totalTimeMs": 500}]}'
SECOND = [b"\0\0" * 1600] * 10


async def run(url, frames=SECOND, num_speakers=2, token=None, **options):
    async with connect(url, token=token) as connection:
        return await stream(connection, frames, num_speakers, **options)


async def sentence(url, **options):
    with pytest.raises(ClientError) as raised:
        await run(url, **options)
    return str(raised.value)


def tuples(segments):
    return [(segment.start_ms, segment.end_ms, segment.speaker) for segment in segments]


async def test_a_conversation_gives_its_timelines_and_its_report(tracker, conversation):
    result = await run(tracker, AudioFile(conversation).frames())
    assert tuples(result.recorder.online) == tuples(result.recorder.final) == [(1000, 2000, 0), (2000, 4000, 1)]
    assert [(speaker.id, speaker.totalTimeMs) for speaker in result.report.speakers] == [(0, 1000), (1, 2000)]
    assert not result.cut_short


async def test_first_labels_are_told_as_they_come(tracker, conversation):
    told = []
    await run(tracker, AudioFile(conversation).frames(), on_labelled=told.extend)
    assert tuples(told)[:3] == [(0, 500, None), (500, 1000, None), (1000, 1500, 0)]


async def test_in_real_time_audio_goes_out_as_it_is_spoken(tracker):
    begun = monotonic()
    await run(tracker, SECOND, realtime=True)
    assert 1.0 <= monotonic() - begun < 2.0


async def test_a_server_that_is_slow_slows_the_client(serve_with):
    taken = asyncio.Event()
    loop = asyncio.get_running_loop()
    sent = 0

    def slow(websocket):
        websocket.recv()
        websocket.send(STARTED)
        asyncio.run_coroutine_threadsafe(asyncio.wait_for(taken.wait(), 30), loop).result()
        while isinstance(websocket.recv(), bytes):
            pass
        websocket.send(REPORT)

    def frames():
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield bytes(1 << 20)

    async with asyncio.TaskGroup() as group:
        running = group.create_task(run(serve_with(slow, max_size=None), frames()))
        await asyncio.sleep(1)
        held_back = sent
        await asyncio.sleep(0.5)
        assert sent == held_back < 100
        running.cancel()
        taken.set()


async def test_the_error_of_the_server_is_told_with_its_code(tracker):
    with pytest.raises(ServerError, match="the server says: a frame may hold at most 1048576 bytes") as raised:
        await run(tracker, [bytes(1 << 21)])
    assert raised.value.code == "frame_too_large"


async def test_a_number_of_speakers_that_no_server_takes_is_not_sent(tracker):
    with pytest.raises(ValueError, match="less than or equal to 5"):
        await run(tracker, num_speakers=6)


async def test_an_error_while_audio_is_on_its_way_is_told(serve_with):
    def refuse(websocket):
        websocket.recv()
        websocket.send(STARTED)
        websocket.recv()
        websocket.send('{"event": "error", "code": "odd_length", "message": "half a sample"}')
        websocket.close(1007)

    assert await sentence(serve_with(refuse), frames=SECOND * 100) == "the server says: half a sample"


async def test_a_close_without_an_error_is_told_with_its_code(serve_with):
    def close(websocket):
        websocket.recv()
        websocket.send(STARTED)
        websocket.close(1011, "out of luck")

    url = serve_with(close)
    assert await sentence(url) == f"{url} broke the connection off with close code 1011 (out of luck)"


async def test_a_close_without_a_report_is_told(serve_with):
    def close(websocket):
        websocket.recv()
        websocket.send(STARTED)
        websocket.close()

    url = serve_with(close)
    assert await sentence(url) == f"{url} closed the connection without a report"


async def test_a_server_that_shuts_down_gives_a_report_of_a_part(serve_with):
    def shut_down(websocket):
        websocket.recv()
        websocket.send(STARTED)
        websocket.recv()
        websocket.send(REPORT)
        websocket.close(1001)

    result = await run(serve_with(shut_down), SECOND * 100)
    assert result.cut_short
    assert result.report.speakers[0].totalTimeMs == 500


async def test_frames_that_fail_end_the_session_with_their_own_error(tracker):
    def frames():
        yield b"\0\0"
        raise ValueError("the file is damaged")

    with pytest.raises(ValueError, match="the file is damaged"):
        await run(tracker, frames())


async def test_what_is_no_speaker_tracker_is_told(serve_with):
    def echo(websocket):
        for data in websocket:
            websocket.send(data)

    url = serve_with(echo)
    assert await sentence(url) == f"{url} is no speaker tracker: it sent JSON without an event"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (HTTPStatus.UNAUTHORIZED, "wants a valid token (HTTP 401); give it with --token"),
        (HTTPStatus.FORBIDDEN, "refuses this client (HTTP 403)"),
        (HTTPStatus.NOT_FOUND, "is not there (HTTP 404); the path of a speaker tracker is /ws/session"),
        (HTTPStatus.SERVICE_UNAVAILABLE, "takes no more sessions now (HTTP 503); try again later"),
        (HTTPStatus.OK, "answered HTTP 200 instead of opening a session"),
    ],
)
async def test_a_handshake_that_is_turned_down_says_why(serve_with, status, words):
    url = serve_with(lambda _: None, process_request=lambda connection, _: connection.respond(status, "no\n"))
    assert await sentence(url) == f"{url} {words}"


async def test_the_token_goes_as_a_bearer_token(serve_with):
    shown = []

    def process_request(connection, request):
        shown.append(request.headers.get("Authorization"))
        return connection.respond(HTTPStatus.FORBIDDEN, "no\n")

    url = serve_with(lambda _: None, process_request=process_request)
    await sentence(url, token="sesame")
    await sentence(url)
    assert shown == ["Bearer sesame", None]


async def test_nobody_listening_is_told(unused_tcp_port):
    url = f"ws://127.0.0.1:{unused_tcp_port}/ws/session"
    assert await sentence(url) == f"{url} cannot be reached: connection refused; is the server running?"


async def test_a_server_of_something_else_is_told(unused_tcp_port):
    async def answer(reader, writer):
        await reader.readline()
        writer.write(b"220 mail.example ready\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", unused_tcp_port):
        url = f"ws://127.0.0.1:{unused_tcp_port}/ws/session"
        assert (await sentence(url)).startswith(f"{url} is no speaker tracker: it does not accept WebSocket connections (")


async def test_a_certificate_that_is_not_trusted_is_told_with_what_to_do(tls_files, unused_tcp_port):
    cert, key, _ = tls_files
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", unused_tcp_port, ssl=context):
        told = await sentence(f"wss://127.0.0.1:{unused_tcp_port}/ws/session")

    assert "is not trusted" in told
    assert "SSL_CERT_FILE" in told


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/ws/session", "127.0.0.1:8000", "", "ws://[::1/x"])
async def test_what_is_no_address_is_told(url):
    assert "ws://127.0.0.1:8000/ws/session" in await sentence(url)
