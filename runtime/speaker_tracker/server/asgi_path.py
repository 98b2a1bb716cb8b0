"""Paths of an application that is mounted below a path: ``root_path``, as servers, proxies and host applications hand it on."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

from hypercorn.typing import ASGISendCallable, HTTPScope, WebsocketScope


def below_root_path(scope: HTTPScope | WebsocketScope) -> HTTPScope | WebsocketScope:
    """Scope with a ``path`` that begins with its ``root_path``, as the specification of ASGI and Quart have it.

    A proxy that takes the prefix off, with a server that is told of it (``hypercorn --root-path``), leaves a path without it.
    """
    root = scope.get("root_path", "").rstrip("/")
    path = scope["path"] if scope["path"].startswith(f"{root}/") else f"{root}{scope['path']}"
    return cast("HTTPScope | WebsocketScope", {**scope, "root_path": root, "path": path})


async def redirect_to_folder(scope: HTTPScope | WebsocketScope, send: ASGISendCallable) -> None:
    """Answer a request for the mount path itself: the page names its files relative to the path with a slash at its end."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
        return
    last = scope["path"].rpartition("/")[2]
    query = scope["query_string"]
    location = f"{last}/".encode() + (b"?" + query if query else b"")
    start = {
        "type": "http.response.start",
        "status": HTTPStatus.TEMPORARY_REDIRECT,
        "headers": [(b"location", location), (b"content-length", b"0")],
    }
    await send(cast("Any", start))
    await send({"type": "http.response.body", "body": b"", "more_body": False})
