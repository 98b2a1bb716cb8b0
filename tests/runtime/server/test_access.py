"""Who is let in by a real server: tokens of a file, signed tokens, and tokens in subprotocols."""

import asyncio
import base64
import json
import logging

import pytest
from websockets.exceptions import InvalidStatus

from speaker_tracker.server import file_watch
from speaker_tracker.server.signed_tokens import TokenSigner
from support.recording_observer import RecordingObserver

SECRET = "s" * 32
SIGNER = TokenSigner([SECRET])


async def refused(server, **options):
    with pytest.raises(InvalidStatus) as raised:
        async with server.client(**options):
            pass
    return raised.value.response


def shown(token):
    return {"additional_headers": {"Authorization": f"Bearer {token}"}}


# -- subprotocols ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["sesame", "base64url." + base64.urlsafe_b64encode("öffne dich".encode()).decode().rstrip("=")])
async def test_a_token_in_the_subprotocols_opens_a_session_and_bearer_is_selected(serve, token):
    server = serve(tokens=["sesame", "öffne dich"])
    async with server.client(subprotocols=["bearer", token]) as client:
        assert client.connection.subprotocol == "bearer"
        await client.start()


async def test_a_wrong_one_is_refused(serve):
    response = await refused(serve(tokens=["sesame"]), subprotocols=["bearer", "wrong"])
    assert response.status_code == 401
    assert json.loads(response.body) == {"message": "the token is not valid"}
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="speaker-tracker"'


async def test_bearer_is_selected_as_well_where_no_token_is_needed(serve):
    async with serve().client(subprotocols=["audio", "bearer", "sesame"]) as client:
        assert client.connection.subprotocol == "bearer"


async def test_other_subprotocols_are_left_alone(serve):
    async with serve().client(subprotocols=["audio"]) as client:
        assert client.connection.subprotocol is None
        await client.start()


@pytest.mark.parametrize("offered", [b"bearer, ,,\t", b"bearer, \xff", "bearer, öffne dich".encode()])
async def test_what_is_no_subprotocol_is_refused_and_harms_nobody(serve, caplog, offered):
    server = serve(tokens=["sesame"])
    lines = [
        b"GET /ws/session HTTP/1.1",
        b"Host: test",
        b"Connection: Upgrade",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        b"Sec-WebSocket-Protocol: " + offered,
    ]
    answer = await server.raw_exchange(b"\r\n".join([*lines, b"", b""]))
    assert b" 401 " in answer.partition(b"\r\n")[0]
    async with server.client(subprotocols=["bearer", "sesame"]) as client:
        await client.start()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


# -- a file ----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def watched_closely(monkeypatch):
    monkeypatch.setattr(file_watch, "LOOK_SECONDS", 0.0)


@pytest.mark.usefixtures("watched_closely")
async def test_tokens_of_a_file_are_changed_while_the_server_runs_and_sessions_go_on(serve, tmp_path, caplog):
    caplog.set_level(logging.INFO, "speaker_tracker")
    file = tmp_path / "tokens"
    file.write_text("anna: old\n")
    server = serve(tokens_file=file)
    async with server.client(**shown("old")) as client:
        await client.start()
        file.write_text("anna: new\n")
        assert (await refused(server, **shown("old"))).status_code == 401
        async with server.client(**shown("new")) as newer:
            await newer.start()
        file.unlink()
        async with server.client(**shown("new")) as newer:
            await newer.start()
        await client.say(action="stop")
    lines = [record.getMessage() for record in caplog.records]
    assert len([line for line in lines if "let in by the token 'anna'" in line]) == 3
    assert not [line for line in lines if "old" in line or "new" in line.replace("renew", "")]


# -- signed tokens ---------------------------------------------------------------------------------------------------------------


async def test_a_signed_token_opens_sessions_until_it_expires(serve):
    server = serve(token_secret=[SECRET])
    token = SIGNER.make(60, "page")
    for _ in range(2):
        async with server.client(query=f"?token={token}") as client:
            await client.start()
    response = await refused(server, **shown(SIGNER.make(1, now=1_000_000)))
    assert json.loads(response.body) == {"message": "the token has expired"}


async def test_a_token_for_one_session_opens_one_even_if_several_come_at_once(serve):
    observer = RecordingObserver()
    server = serve(token_secret=[SECRET], observers={"recording": observer})
    token = SIGNER.make(60, once=True)

    async def attempt():
        try:
            async with server.client(subprotocols=["bearer", token]) as client:
                await client.start()
                return "opened"
        except InvalidStatus as refusal:
            return json.loads(refusal.response.body)["message"]

    answers = sorted(await asyncio.gather(*(attempt() for _ in range(5))))
    assert answers == ["opened", *["the token has been used, and was good for one session"] * 4]
    assert observer.of("refused") == ["token"] * 4


async def test_the_page_s_question_uses_no_token_up(serve):
    server = serve(token_secret=[SECRET])
    token = SIGNER.make(60, once=True)
    lines = [
        "POST /web/admission HTTP/1.1",
        "Host: test",
        "Content-Length: 0",
        "Connection: close",
        f"Authorization: Bearer {token}",
    ]
    answer = await server.raw_exchange("\r\n".join([*lines, "", ""]).encode())
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["refusal"] is None
    async with server.client(subprotocols=["bearer", token]) as client:
        await client.start()
