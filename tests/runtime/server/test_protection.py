"""Paths that need a token, of a real server."""

import base64
import json

import pytest

from speaker_tracker.server.web import page_files
from support.recording_observer import RecordingObserver

PATHS = {"metrics": ["/metrics"], "page": ["/", "/web/main.js", "/web/none.js"], "asyncapi": ["/asyncapi.yaml"]}
ALWAYS_OPEN = ["/health", "/health/ready"]


async def statuses(server, **headers):
    paths = [*ALWAYS_OPEN, *(path for paths in PATHS.values() for path in paths)]
    return {path: (await server.get(path, **headers))[0] for path in paths}


def protected(serve, *names):
    return serve(tokens=["sesame"], protected_paths=list(names), observers={"recording": RecordingObserver("/metrics")})


OPEN = {
    **dict.fromkeys(ALWAYS_OPEN, 200),
    "/metrics": 200,
    "/": 200,
    "/web/main.js": 200,
    "/web/none.js": 404,
    "/asyncapi.yaml": 200,
}


async def test_by_default_all_paths_are_open(serve):
    assert await statuses(protected(serve)) == OPEN


@pytest.mark.parametrize("name", PATHS)
async def test_a_protected_path_is_closed_and_others_are_open(serve, name):
    server = protected(serve, name)
    assert await statuses(server) == {**OPEN, **dict.fromkeys(PATHS[name], 401)}
    basic = base64.b64encode(b"anybody:sesame").decode()
    assert await statuses(server, Authorization="Bearer sesame") == await statuses(server, Authorization=f"Basic {basic}") == OPEN


async def test_a_browser_is_asked_for_a_password(serve):
    status, head, body = await protected(serve, "page").get("/", Authorization="Bearer wrong")
    assert status == 401
    assert 'www-authenticate: basic realm="speaker-tracker", charset="utf-8"' in head
    assert "cache-control: no-store" in head
    assert json.loads(body) == {"message": "the token is not valid"}


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST"])
async def test_no_method_goes_round_the_protection(serve, method):
    server = protected(serve, "page", "metrics")
    for path in ("/", "/metrics", "/web/main.js"):
        lines = [f"{method} {path} HTTP/1.1", "Host: test", "Content-Length: 0", "Connection: close", "", ""]
        answer = await server.raw_exchange("\r\n".join(lines).encode())
        assert int(answer.split()[1]) in {401, 405}, (method, path)
        assert page_files()["index.html"].body not in answer


@pytest.mark.parametrize("path", ["//", "/%2e/", "/web//main.js", "/./metrics", "/metrics/", "/METRICS", "/metrics?token=sesame"])
async def test_no_way_of_writing_a_path_goes_round_it(serve, path):
    assert (await protected(serve, "page", "metrics").get(path))[0] in {308, 401, 404}


async def test_a_session_is_opened_beside_protected_paths(serve):
    async with protected(serve, "page", "metrics", "asyncapi").client(
        additional_headers={"Authorization": "Bearer sesame"}
    ) as client:
        await client.start()
