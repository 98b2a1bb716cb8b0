"""Application below a path of a Quart application."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope

from speaker_tracker.errors import UserError
from speaker_tracker.server.asgi_app import TrackerApp, fail_startup

if TYPE_CHECKING:
    from quart import Quart


def mount(host: Quart, path: str, tracker: TrackerApp) -> None:
    """Have ``host`` answer all requests below ``path`` with ``tracker``, and load and close it together with itself.

    ``path``: such as ``/tracker``. Raises ``ValueError`` where it does not begin with a slash or has nothing behind it.
    """
    prefix = path.rstrip("/")
    if not prefix.startswith("/"):
        raise ValueError(f"an application is mounted below a path such as /tracker, not {path!r}")
    host.asgi_app = MountedBelow(prefix, tracker, host.asgi_app)  # type: ignore[method-assign]


class MountedBelow:
    """ASGI application that is ``tracker`` below ``prefix`` and ``host`` everywhere else; one lifespan runs both."""

    def __init__(self, prefix: str, tracker: TrackerApp, host: Any) -> None:
        self._prefix = prefix
        self._tracker = tracker
        self._host = host

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Answer one ASGI scope."""
        if scope["type"] == "lifespan":
            await self._host(scope, partial(self._receive, receive, send), partial(self._send, send))
            return
        prefix = scope.get("root_path", "").rstrip("/") + self._prefix
        if scope["path"] == prefix or scope["path"].startswith(f"{prefix}/"):
            await self._tracker(cast("Scope", {**scope, "root_path": prefix}), receive, send)
        else:
            await self._host(scope, receive, send)

    async def _receive(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> Any:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                await self._tracker.start()
            except UserError as error:
                await fail_startup(send, str(error))
                return await receive()  # the server ends
        return message

    async def _send(self, send: ASGISendCallable, message: Any) -> None:
        if message["type"] in ("lifespan.shutdown.complete", "lifespan.shutdown.failed", "lifespan.startup.failed"):
            await self._tracker.stop()
        await send(message)
