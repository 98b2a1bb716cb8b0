"""The page's files and its question, as any HTTP client sees them."""

import json
import re

import pytest

from speaker_tracker.engine.observers import ObserverConfigurationError
from speaker_tracker.server.web import CONTENT_SECURITY_POLICY, page_files
from support.recording_observer import RecordingObserver


async def test_the_page_is_answered_with_headers_that_forbid_what_it_does_not_need(serve):
    status, headers, body = await serve().get("/")

    assert status == 200
    assert body.startswith(b"<!doctype html>")
    assert "content-type: text/html; charset=utf-8" in headers
    assert f"content-security-policy: {CONTENT_SECURITY_POLICY}" in headers
    assert "x-content-type-options: nosniff" in headers
    assert "referrer-policy: no-referrer" in headers
    assert "permissions-policy: microphone=(self)," in headers


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere():
    rules = dict(rule.split(" ", 1) for rule in CONTENT_SECURITY_POLICY.split("; "))

    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY


@pytest.mark.parametrize("name", page_files())
async def test_each_file_is_answered_by_its_type_and_names_no_other_server(serve, name):
    status, headers, body = await serve().get("/" if name == "index.html" else f"/web/{name}")

    assert status == 200
    assert body == page_files()[name].body
    expected = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}[name.rpartition(".")[2]]
    assert f"content-type: {expected}" in headers
    assert b"//" not in re.sub(rb"^\s*//.*$", b"", body, flags=re.MULTILINE).replace(b"http://www.w3.org/2000/svg", b"")


async def test_a_file_that_has_not_changed_is_not_sent_again(serve):
    server = serve()
    _, headers, _ = await server.get("/web/main.js")
    etag = re.search(r"etag: (\"\w+\")", headers)[1]

    assert "cache-control: no-cache" in headers
    status, _, body = await server.get("/web/main.js", **{"If-None-Match": etag})
    assert (status, body) == (304, b"")
    status, _, body = await server.get("/web/main.js", **{"If-None-Match": '"of-yesterday"'})
    assert (status, body) == (200, page_files()["main.js"].body)


def test_files_of_other_content_have_other_etags():
    etags = [file.etag for file in page_files().values()]
    assert len(set(etags)) == len(etags)


@pytest.mark.parametrize(
    "path", ["/web/", "/web/none.js", "/web/index.html", "/web/../server/app.py", "/web/%2e%2e/settings.py", "/index.html", "/x"]
)
async def test_what_is_no_file_of_the_page_is_not_found(serve, path):
    status, _, _ = await serve().get(path)
    assert status == 404


@pytest.mark.parametrize("path", ["/", "/web/main.js", "/web/admission"])
async def test_without_the_page_its_paths_are_free(serve, path):
    assert (await serve(web_page=False).get(path))[0] == 404

    observed = serve(web_page=False, observers={"recording": RecordingObserver(path)})
    assert (await observed.get(path))[0] == 200
    assert (await observed.request("/health"))[0] == 200


@pytest.mark.parametrize("path", ["/", "/web/main.js", "/web/figures"])
async def test_observers_cannot_take_the_page_s_paths(serve, path):
    with pytest.raises(ObserverConfigurationError) as raised:
        serve(observers={"recording": RecordingObserver(path)})
    assert str(raised.value) == f"an observer cannot answer {path}, which the server does itself; give it another path"


async def admission(server, **headers):
    headers |= {"Host": "test", "Content-Length": "0", "Connection": "close"}
    lines = ["POST /web/admission HTTP/1.1", *map(": ".join, headers.items()), "", ""]
    head, _, body = (await server.raw_exchange("\r\n".join(lines).encode())).partition(b"\r\n\r\n")
    assert b" 200 " in head
    assert b"cache-control: no-store" in head.lower()
    return json.loads(body)


async def test_the_page_is_told_the_limits_that_it_has_to_keep(serve):
    answer = await admission(serve(idle_timeout_seconds=7, max_frame_bytes=1000, max_session_seconds=60))
    limits = {"idleTimeoutSeconds": 7.0, "maxFrameBytes": 1000, "maxSessionSeconds": 60.0}
    assert answer == {"refusal": None, "limits": limits, "knownVoices": None}


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "token"),
        ({"Authorization": "Bearer wrong"}, "token"),
        ({"Authorization": "Bearer right"}, None),
        ({"Authorization": "Bearer right", "Origin": "https://there.example"}, "origin"),
        ({"Authorization": "Bearer right", "Origin": "https://here.example"}, None),
    ],
)
async def test_the_page_is_told_what_a_handshake_would_be_answered(serve, headers, reason):
    answer = await admission(serve(tokens=["right"], allowed_origins=["https://here.example"]), **headers)
    assert (answer["refusal"] or {"reason": None})["reason"] == reason
    assert "right" not in json.dumps(answer)


async def test_asking_counts_as_no_refusal(serve):
    observer = RecordingObserver()
    await admission(serve(tokens=["right"], observers={"recording": observer}))
    assert observer.of("refused") == []
