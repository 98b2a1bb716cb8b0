"""Paths of an application that is mounted below a path."""

import pytest

from speaker_tracker.server.asgi_path import below_root_path, redirect_to_folder


@pytest.mark.parametrize(
    ("root_path", "path", "wanted"),
    [
        ("", "/health", ("", "/health")),
        ("/tracker", "/tracker/health", ("/tracker", "/tracker/health")),
        ("/tracker/", "/tracker/health", ("/tracker", "/tracker/health")),
        ("/tracker", "/health", ("/tracker", "/tracker/health")),  # a proxy has taken the prefix off
        ("/tracker", "/trackers/health", ("/tracker", "/tracker/trackers/health")),
        ("", "http://host/health", ("", "http://host/health")),
    ],
)
def test_the_path_begins_with_the_root_path(root_path, path, wanted):
    scope = below_root_path({"type": "http", "root_path": root_path, "path": path})

    assert (scope["root_path"], scope["path"]) == wanted


async def sent_for(**scope):
    messages = []

    async def send(message):
        messages.append(message)

    await redirect_to_folder({"query_string": b"", **scope}, send)
    return messages


async def test_the_mount_path_is_redirected_relative_to_where_it_was_asked():
    start, _ = await sent_for(type="http", path="/outer/tracker", query_string=b"token=x")

    assert start["status"] == 307
    assert dict(start["headers"])[b"location"] == b"tracker/?token=x"


async def test_a_websocket_to_the_mount_path_is_closed():
    assert [message["type"] for message in await sent_for(type="websocket", path="/tracker")] == ["websocket.close"]
