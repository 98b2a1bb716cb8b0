"""What stands in for the application until it is loaded, without a process: who waits, how long, and what they are told."""

import asyncio
import json

import pytest
from quart import Quart

from speaker_tracker.server.starting import StartingApp


class Asked:
    """One ASGI request, and what was answered."""

    def __init__(self, app, path, kind="http"):
        self.sent = []
        self._is_received = False
        scope = {"type": kind, "path": path, "method": "GET", "headers": [], "query_string": b"", "http_version": "1.1"}
        scope |= {"scheme": "http", "root_path": "", "raw_path": path.encode(), "server": ("test", 80), "client": None}
        self.task = asyncio.ensure_future(app(scope, self._receive, self._send))

    async def _receive(self):
        if self._is_received:
            await asyncio.Event().wait()
        self._is_received = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def _send(self, message):
        self.sent.append(message)

    async def answer(self):
        await self.task
        return self.sent[0]["status"], b"".join(message.get("body", b"") for message in self.sent)


@pytest.fixture
def starts():
    return []


@pytest.fixture
def quart(starts):
    app = Quart(__name__)

    @app.before_serving
    async def start():
        starts.append("started")

    @app.get("/health")
    async def health():
        return {"status": "ok"}

    @app.get("/other")
    async def other():
        return "here"

    return app


async def test_health_has_what_is_known_already():
    app = StartingApp({"sessions": 0})

    status, body = await Asked(app, "/health").answer()

    assert status == 200
    assert (json.loads(body)["status"], json.loads(body)["sessions"]) == ("starting", 0)


async def test_others_wait_for_the_application_and_get_its_answer(quart, starts):
    app = StartingApp({})
    asked = Asked(app, "/other")
    await asyncio.sleep(0.01)
    assert not asked.sent

    await app.use(quart)

    assert await asked.answer() == (200, b"here")
    assert starts == ["started"]
    assert json.loads((await Asked(app, "/health").answer())[1]) == {"status": "ok"}


@pytest.mark.parametrize(("kind", "wanted"), [("http", "http.response.start"), ("websocket", "websocket.http.response.start")])
async def test_who_has_waited_too_long_is_told_to_come_back(kind, wanted):
    asked = Asked(StartingApp({}, held_seconds=0.01), "/other", kind)

    status, body = await asked.answer()

    assert (asked.sent[0]["type"], status) == (wanted, 503)
    assert (b"retry-after", b"1") in asked.sent[0]["headers"]
    assert b"connect again later" in body


async def test_nobody_waits_where_nothing_will_be_loaded():
    app = StartingApp({})
    asked = Asked(app, "/other")
    await asyncio.sleep(0)

    app.give_up()

    assert (await asked.answer())[0] == 503


async def test_an_application_is_started_and_ended_once_whichever_is_first(quart, starts):
    app = StartingApp({})
    await app.use(quart)
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent = []

    async def receive():
        return next(messages)

    async def send(message):
        sent.append(message["type"])

    await app({"type": "lifespan"}, receive, send)

    assert starts == ["started"]
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
