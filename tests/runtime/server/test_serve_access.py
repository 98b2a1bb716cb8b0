"""Who is let in by ``speaker-tracker serve``, from its settings to the log; with the scripted chain."""

import json

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from speaker_tracker.server.signed_tokens import TokenSigner

pytestmark = pytest.mark.usefixtures("scripted_chain")

SECRET = "s" * 32
USED = "the token has been used, and was good for one session"


def answer(url, token):
    """``opened``, or the sentence of the refusal."""
    try:
        with connect(url, subprotocols=["bearer", token]) as client:
            client.send('{"action": "start"}')
            assert json.loads(client.recv(30))["event"] == "started"
            return "opened"
    except InvalidStatus as refusal:
        return json.loads(refusal.response.body)["message"]


def test_a_token_for_one_session_opens_one_of_all_workers(start_server):
    server = start_server("--workers", "2", token_secret=SECRET)
    signer = TokenSigner([SECRET])
    for number in range(4):  # whichever worker it meets first
        token = signer.make(60, f"page{number}", once=True)
        assert [answer(server.url, token) for _ in range(6)] == ["opened", *[USED] * 5]
        server.logged(rf"session [0-9a-f]+: let in by the token 'page{number}'")
    lasting = signer.make(60)
    assert [answer(server.url, lasting) for _ in range(4)] == ["opened"] * 4
    assert not [line for line in server.log if SECRET in line or lasting in line or token in line]


def test_the_file_of_tokens_is_read_again_by_all_workers(start_server, tmp_path):
    file = tmp_path / "tokens"
    file.write_text("anna: old\n")
    server = start_server("--workers", "2", tokens_file=str(file))
    assert [answer(server.url, "old") for _ in range(4)] == ["opened"] * 4
    file.write_text("anna: new\n")
    while answer(server.url, "old") == "opened":
        pass
    answers = {answer(server.url, token) for token in ("new", "old") for _ in range(20)}
    assert answers <= {"opened", "the token is not valid"}
    while {answer(server.url, "old") for _ in range(6)} != {"the token is not valid"}:
        pass
    assert {answer(server.url, "new") for _ in range(6)} == {"opened"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"tokens_file": "nowhere/tokens"}, ["nowhere/tokens", "SPEAKER_TRACKER_TOKENS_FILE", "cannot be read"]),
        ({"token_secret": "sesame"}, ["SPEAKER_TRACKER_TOKEN_SECRET", "at least 32"]),
        ({"protected_paths": "page"}, ["SPEAKER_TRACKER_PROTECTED_PATHS", "SPEAKER_TRACKER_TOKENS_FILE"]),
        ({"protected_paths": "health", "tokens": "sesame"}, ["SPEAKER_TRACKER_PROTECTED_PATHS", "'metrics', 'page' or 'asyncapi'"]),
    ],
)
def test_settings_that_let_in_nobody_or_everybody_are_told_in_one_sentence(start_server, settings, words):
    server = start_server(**settings)
    assert server.wait() == 1
    assert len(server.log) == 1, server.log
    for word in words:
        assert word in server.log[0]
    assert "sesame" not in server.log[0]


def test_a_server_that_others_reach_without_a_token_says_so_once(start_server):
    open_to_all = start_server("--host", "0.0.0.0", "--workers", "2")
    assert open_to_all.url
    assert len([line for line in open_to_all.log if "WARNING" in line and "no token is asked for" in line]) == 1


def test_a_server_with_tokens_or_on_the_loopback_has_nothing_to_warn_of(start_server):
    for server in (start_server("--host", "0.0.0.0", tokens="sesame"), start_server()):
        assert server.url
        assert not [line for line in server.log if "WARNING" in line]
